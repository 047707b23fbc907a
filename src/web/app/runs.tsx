import { useEffect, useState } from 'react'
import { useAsk, useOrder } from './api.ts'
import { Choice, Confirm, Empty, Failure, Said, Table } from './parts.tsx'
import { percent, roundText } from './text.ts'

interface Listed {
  readonly run: string
  readonly skill: string
  readonly status: string
  readonly stage?: string
  readonly waiting?: string // what a person is asked to approve
  readonly round: number
  readonly best: number
  readonly rounds: number
  readonly target?: string
  readonly baseRate?: number | null
  readonly bestRate?: number | null
}

/** All runs of the project, and how a new one is begun. */
export const Runs = () => {
  const [tick, setTick] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => setTick((n) => n + 1), 3000)
    return () => clearInterval(timer)
  }, [])
  const { data, error } = useAsk<{ runs: Listed[] }>('runs', {}, tick)
  return (
    <main>
      <h1>Runs</h1>
      <Failure error={error} />
      {data && data.runs.length === 0 && <Empty>No runs yet. Start one below, or with `whet run`.</Empty>}
      {data && data.runs.length > 0 && (
        <Table label="runs" head={['run', 'skill', 'status', 'rounds', 'best', 'target', 'base', 'now']}>
          {data.runs.map((run) => (
            <tr key={run.run}>
              <td>
                <a href={`#/run/${run.run}`}>{run.run}</a>
              </td>
              <td>{run.skill}</td>
              <td>
                {run.waiting ? (
                  <span className="status waits">waits for you</span>
                ) : (
                  <span className={`status ${run.status}`}>{run.status}</span>
                )}{' '}
                {run.stage}
              </td>
              <td className="number">{run.rounds}</td>
              <td>{roundText(run.best)}</td>
              <td>{run.target}</td>
              <td className="number">{run.target && percent(run.baseRate)}</td>
              <td className="number">{run.target && percent(run.bestRate)}</td>
            </tr>
          ))}
        </Table>
      )}
      <Start />
    </main>
  )
}

const approvals = ['never', 'before-train', 'every-round', 'on-cost'] as const

const Start = () => {
  const [rounds, setRounds] = useState('')
  const [rows, setRows] = useState('')
  const [minutes, setMinutes] = useState('')
  const [approve, setApprove] = useState('')
  const [config, setConfig] = useState('whetstone.yaml')
  const order = useOrder((output) => {
    const { run } = output as { run?: string }
    if (run) location.hash = `#/run/${run}`
  })
  const set = [
    ...(rounds ? [`loop.rounds=${rounds}`] : []),
    ...(rows ? [`loop.rows=${rows}`] : []),
    ...(minutes ? [`budget.minutes=${minutes}`] : []),
    ...(approve ? [`approve=${approve}`] : []),
  ]
  return (
    <section aria-labelledby="start">
      <h2 id="start">Start a run</h2>
      <form
        className="row"
        onSubmit={(event) => {
          event.preventDefault()
          void order.perform('run', { config, ...(set.length > 0 && { set }) })
        }}
      >
        <label>
          config <input value={config} onChange={({ target }) => setConfig(target.value)} required />
        </label>
        <Count name="rounds" value={rounds} onChange={setRounds} />
        <Count name="rows" value={rows} onChange={setRows} />
        <Count name="minutes" value={minutes} onChange={setMinutes} />
        <Choice label="approve" none="as configured" of={approvals} value={approve} onChange={setApprove} />
        <button type="submit" className="primary" disabled={order.busy}>
          {order.busy ? 'Asking …' : 'Forecast and start'}
        </button>
      </form>
      <p className="dim">
        What the fields leave out is as the config has it. Executables, plugins and hosts are set in the file only.
      </p>
      <Said said={order.said} />
      <Confirm question={order.question} answer={order.answer} />
    </section>
  )
}

const Count = ({ name, value, onChange }: { name: string; value: string; onChange: (text: string) => void }) => (
  <label>
    {name}{' '}
    <input
      inputMode="numeric"
      pattern="[0-9]*"
      size={5}
      value={value}
      onChange={({ target }) => onChange(target.value)}
    />
  </label>
)
