import { useEffect, useMemo, useState } from 'react'
import type { RoundSummary } from '../../core/round.ts'
import type { RunStatus } from '../../graph/status.ts'
import { useAsk, useOrder } from './api.ts'
import { Curve, type Line } from './curve.tsx'
import { Door } from './door.tsx'
import type { Live } from './live.ts'
import { Log } from './log.tsx'
import { Machine } from './machine.tsx'
import { Confirm, Failure, Said, Table } from './parts.tsx'
import { Stages } from './stages.tsx'
import { count, duration, percent, roundText, tagsText } from './text.ts'

/** A run while it works: where it stands, what it waits for, how it learns. */
export const RunPage = ({ run, live, theme }: { run: string; live: Live; theme: string }) => {
  const { data: status, error } = useAsk<RunStatus>('status', { run }, `${live.judged} ${live.status}`)
  const now = useClock(live.status === 'running')
  const order = useOrder()
  const give = (command: string, args: object = {}) => void order.perform(command, { run, ...args })
  const going = live.status === 'running'
  return (
    <main>
      <Failure error={error} />
      <div className="row">
        <span className={`status ${live.status}`}>{live.status}</span>
        {live.reason && <span>{live.reason}</span>}
        {status && <Spent status={status} live={live} />}
        <span className="row end">
          {going && (
            <button type="button" onClick={() => give('pause')}>
              Pause
            </button>
          )}
          {going && (
            <button type="button" onClick={() => give('stop')}>
              Stop
            </button>
          )}
          {!going && live.status !== 'unknown' && live.status !== 'finished' && (
            <button type="button" className="primary" onClick={() => give('resume')}>
              Resume
            </button>
          )}
          <a className="button" href={`/api/runs/${encodeURIComponent(run)}/report`} target="_blank" rel="noreferrer">
            Report
          </a>
        </span>
      </div>
      <Said said={order.said} />
      {live.waiting && going && <Door run={run} waiting={live.waiting} />}
      <Stages live={live} now={now} />
      {going && live.step && <p className="dim">{stepText(live)}</p>}
      <div className="curves">
        <Loss live={live} theme={theme} />
        <Rates rounds={status?.rounds ?? []} theme={theme} />
      </div>
      {status && <Targets status={status} />}
      <Machine live={live} theme={theme} />
      {going && <Guide run={run} />}
      <Log events={live.log} />
      <Confirm question={order.question} answer={order.answer} />
    </main>
  )
}

const stepText = ({ step }: Live): string =>
  step
    ? `step ${step.step} of ${step.of} · ${count(step.tokensPerSecond)} tokens/s · ${duration(step.etaSeconds)} left`
    : ''

const Spent = ({ status, live }: { status: RunStatus; live: Live }) => {
  const { minutes, rows, tokens, diskGb } = status.spent
  // a call that was just paid counts before the next status is asked for
  const money = Math.max(
    status.spent.money,
    live.models.reduce((sum, model) => sum + model.money, 0),
  )
  return (
    <span className="dim">
      {duration(minutes * 60)} · {count(rows)} rows trained · {count(tokens)} tokens · {diskGb.toFixed(2)} GB · money{' '}
      {money === 0 ? 'none' : money.toFixed(2)} · best: {roundText(status.best)}
    </span>
  )
}

/** Seconds tick only while something works. */
const useClock = (going: boolean): number => {
  const [now, setNow] = useState(Date.now())
  useEffect(() => {
    if (!going) return
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [going])
  return now
}

/** The loss of each round's training, by step. */
const Loss = ({ live, theme }: { live: Live; theme: string }) => {
  const { xs, lines } = useMemo(() => {
    const rounds = [...new Set(live.losses.map(({ round }) => round))].slice(-6)
    const steps = [...new Set(live.losses.map(({ step }) => step))].sort((a, b) => a - b)
    const found = new Map(live.losses.map(({ round, step, loss }) => [`${round} ${step}`, loss]))
    return {
      xs: steps,
      lines: rounds.map((round) => ({
        label: roundText(round),
        values: steps.map((step) => found.get(`${round} ${step}`) ?? null),
      })),
    }
  }, [live.losses])
  if (xs.length === 0) return null
  return (
    <Curve
      title="Loss, nats per token, by step"
      xs={xs}
      lines={lines}
      xName="step"
      format={threeDigits}
      theme={theme}
    />
  )
}
const threeDigits = (value: number) => value.toFixed(3)

/** The targets on gate, with 95 % intervals, by round. */
const Rates = ({ rounds, theme }: { rounds: readonly RoundSummary[]; theme: string }) => {
  if (rounds.length === 0) return null
  const lines: Line[] = (rounds[0]?.rates.gate ?? []).slice(0, 6).map(({ of, where }, at) => {
    const rates = rounds.map(({ rates: { gate } }) => gate[at])
    return {
      label: where && Object.keys(where).length > 0 ? `${of} ${tagsText(where)}` : of,
      values: rates.map((rate) => rate?.rate ?? null),
      low: rates.map((rate) => rate?.interval?.low ?? null),
      high: rates.map((rate) => rate?.interval?.high ?? null),
    }
  })
  return (
    <Curve
      title="Pass rates on gate, with 95 % intervals, by round"
      xs={rounds.map(({ round }) => round)}
      lines={lines}
      xName="round"
      format={percent}
      theme={theme}
      range={unit}
    />
  )
}
const unit: [number, number] = [0, 1]

const Targets = ({ status }: { status: RunStatus }) => {
  const [base, best] = [status.rounds[0]?.rates.gate ?? [], status.rounds[status.best]?.rates.gate ?? []]
  if (best.length === 0) return null
  return (
    <section aria-labelledby="targets">
      <h2 id="targets">Targets on gate</h2>
      <Table label="targets" head={['target', 'base', roundText(status.best), '95 % interval', 'wanted', 'verdict']}>
        {best.map((target, at) => (
          <tr key={`${target.of} ${tagsText(target.where)}`}>
            <td>
              {target.of} {target.where && tagsText(target.where)}
            </td>
            <td className="number">{percent(base[at]?.rate)}</td>
            <td className="number">{percent(target.rate)}</td>
            <td className="number">
              {target.interval && `${percent(target.interval.low)} to ${percent(target.interval.high)}`}
            </td>
            <td className="number">{percent(target.target.pass)}</td>
            <td>
              <span className={`status ${target.status}`}>{target.status}</span>
            </td>
          </tr>
        ))}
      </Table>
    </section>
  )
}

/** Words for the analyst, and rows that the next spec sets aside. */
const Guide = ({ run }: { run: string }) => {
  const [text, setText] = useState('')
  const [part, setPart] = useState('')
  const order = useOrder(() => setText(''))
  return (
    <section aria-labelledby="guide">
      <h2 id="guide">Guide the next round</h2>
      <form
        className="row"
        onSubmit={(event) => {
          event.preventDefault()
          void order.perform('guide', { run, text, ...(part && { part }) })
        }}
      >
        <label className="wide">
          what the analyst should know{' '}
          <input value={text} onChange={({ target }) => setText(target.value)} maxLength={2000} required />
        </label>
        <label>
          rows set aside{' '}
          <input value={part} onChange={({ target }) => setPart(target.value)} placeholder="kind=ask:80" size={16} />
        </label>
        <button type="submit">Guide</button>
        <button type="button" onClick={() => void order.perform('undo', { run })}>
          Undo the last order
        </button>
      </form>
      <Said said={order.said} />
    </section>
  )
}
