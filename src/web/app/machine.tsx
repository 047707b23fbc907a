/** What a run takes: memory of its processes, GPUs, the budget, language models. */
import { useMemo } from 'react'
import type { Sample } from '../../commands/live-run.ts'
import { Curve, type Line } from './curve.tsx'
import type { Live } from './live.ts'
import { Table } from './parts.tsx'
import { count, duration, percent, size } from './text.ts'

export const Machine = ({ live, theme }: { live: Live; theme: string }) => {
  const { samples, spent, models } = live
  if (samples.length === 0 && !spent && models.length === 0) return null
  return (
    <section aria-labelledby="machine">
      <h2 id="machine">Machine and cost</h2>
      <div className="curves">
        <Memory samples={samples} theme={theme} />
        <Gpus samples={samples} theme={theme} />
      </div>
      {samples.length > 0 && samples.at(-1)!.gpus.length === 0 && <p className="dim">No GPU was found.</p>}
      {spent && <Spending spent={spent} />}
      {models.length > 0 && <Models models={models} />}
    </section>
  )
}

const minutesOf = (samples: readonly Sample[]) => samples.map(({ at }) => (at - samples[0]!.at) / 60_000)
const gigabytes = (value: number) => (Number.isNaN(value) ? '–' : `${value.toFixed(2)} GB`)

const Memory = ({ samples, theme }: { samples: readonly Sample[]; theme: string }) => {
  const lines = useMemo((): Line[] => {
    const names = [...new Set(samples.flatMap(({ processes }) => processes.map(({ what }) => what)))]
    return names.map((name) => ({
      label: name,
      values: samples.map(({ processes }) => {
        const found = processes.find(({ what }) => what === name)
        return found ? found.bytes / 1e9 : null
      }),
    }))
  }, [samples])
  if (lines.length === 0) return null
  return (
    <Curve
      title="Memory of the run's processes, by minute"
      xs={minutesOf(samples)}
      lines={lines}
      xName="minute"
      format={gigabytes}
      fromZero
      theme={theme}
    />
  )
}

/** Memory as a curve; how busy the cards are stands beside it in words: it jumps too much for a line. */
const Gpus = ({ samples, theme }: { samples: readonly Sample[]; theme: string }) => {
  const cards = samples.at(-1)?.gpus ?? []
  if (cards.length === 0) return null
  const lines = cards.map(({ name }, at): Line => {
    const values = samples.map(({ gpus }) => (gpus[at] ? gpus[at].usedBytes / 1e9 : null))
    return { label: `${at} ${name}`, values }
  })
  return (
    <div>
      <Curve
        title="Memory of the GPUs, by minute"
        xs={minutesOf(samples)}
        lines={lines}
        xName="minute"
        format={gigabytes}
        fromZero
        theme={theme}
      />
      <ul className="parts">
        {cards.map(({ name, usedBytes, totalBytes, busy }, at) => (
          <li key={`${at} ${name}`}>
            GPU {at}, {name}: {size(usedBytes)} of {size(totalBytes)}
            {busy !== null && `, busy ${percent(busy)}`}
          </li>
        ))}
      </ul>
    </div>
  )
}

const Spending = ({ spent }: { spent: NonNullable<Live['spent']> }) => {
  const { limits } = spent
  const rows: [string, string, number, number, string][] = [
    ['time', duration(spent.minutes * 60), spent.minutes, limits.minutes, duration(limits.minutes * 60)],
    ['disk', size(spent.diskGb * 1e9), spent.diskGb, limits.diskGb, size(limits.diskGb * 1e9)],
    ['paid tokens', count(spent.tokens), spent.tokens, limits.tokens, count(limits.tokens)],
    ['money', spent.money.toFixed(2), spent.money, limits.money, limits.money.toFixed(2)],
  ]
  return (
    <Table label="the budget" caption="The budget, as of the last stage" head={['what', 'spent', 'limit', 'share']}>
      {rows.map(([what, text, value, limit, limitText]) => (
        <tr key={what}>
          <th scope="row">{what}</th>
          <td className="number">{text}</td>
          <td className="number">{limit > 0 ? limitText : 'none'}</td>
          <td>
            {limit > 0 && (
              <>
                <meter max={limit} high={limit * 0.8} value={value} aria-label={`share of ${what} that is spent`} />{' '}
                <span className="number">{percent(value / limit)}</span>
              </>
            )}
          </td>
        </tr>
      ))}
    </Table>
  )
}

const Models = ({ models }: Pick<Live, 'models'>) => (
  <Table
    label="language models"
    caption="Language models"
    head={['role', 'model', 'calls', 'from what was kept', 'tokens', 'money']}
  >
    {models.map(({ role, model, calls, cached, tokens, money }) => (
      <tr key={`${role} ${model}`}>
        <th scope="row">{role}</th>
        <td>{model}</td>
        <td className="number">{count(calls)}</td>
        <td className="number">{count(cached)}</td>
        <td className="number">{count(tokens)}</td>
        <td className="number">{money.toFixed(2)}</td>
      </tr>
    ))}
  </Table>
)
