/** The loop as a row of stages, with what each took and where the run stands. */
import type { Live, StageTime } from './live.ts'
import { Table } from './parts.tsx'
import { duration, roundText } from './text.ts'

const order = ['define', 'generate', 'validate', 'practice', 'train', 'evaluate', 'gate', 'analyze']

export const Stages = ({ live, now }: { live: Live; now: number }) => {
  const rounds = [...new Set(live.stages.map(({ round }) => round))].slice(-6)
  if (rounds.length === 0) return null
  const columns = order.filter((stage) => live.stages.some((each) => each.stage === stage))
  return (
    <Table label="stages by round" className="stages" head={['round', ...columns]}>
      {rounds.map((round) => (
        <tr key={round}>
          <th scope="row">{roundText(round)}</th>
          {columns.map((stage) => (
            <Cell
              key={stage}
              live={live}
              now={now}
              found={live.stages.findLast((each) => each.round === round && each.stage === stage)}
              waits={live.waiting?.round === round && live.waiting.what.startsWith(`${stage} `)}
            />
          ))}
        </tr>
      ))}
    </Table>
  )
}

const Cell = ({
  found,
  now,
  live,
  waits,
}: {
  found: StageTime | undefined
  now: number
  live: Live
  waits: boolean
}) => {
  if (waits) return <td className="stage waits">waits for you</td>
  if (!found) return <td className="stage" />
  if (found.failed) return <td className="stage failed">✗ failed</td>
  if (found.ms !== undefined) return <td className="stage done">✓ {short(found.ms)}</td>
  if (live.status !== 'running')
    return <td className="stage">left after {found.now ? `${found.now.done}/${found.now.total}` : 'its start'}</td>
  const { done, total, what } = found.now ?? { done: 0, total: 0, what: '' }
  return (
    <td className="stage works" aria-current="step">
      {total > 0 ? <progress max={total} value={done} aria-label={what} /> : null}
      <span>
        {total > 0 ? `${done}/${total} ` : ''}
        {duration(Math.max(0, now - found.startedAt) / 1000)}
      </span>
    </td>
  )
}

/** 0.4 s, or as any duration from ten seconds on. */
const short = (ms: number): string => (ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : duration(ms / 1000))
