import type { Report } from '../../commands/report/model.ts'
import type { ReportLine, ReportPart } from '../../core/contract.ts'
import { useAsk } from './api.ts'
import { Empty, Failure, Table } from './parts.tsx'

/** What the skill itself has to show of a run: it gives data, and this page draws them. */
export const SkillPage = ({ run, judged }: { run: string; judged: number }) => {
  const { data, error } = useAsk<Report>('report', { run, format: 'json' }, judged)
  return (
    <main>
      <h1>{data?.skill ?? 'Skill'}</h1>
      <Failure error={error} />
      {data && data.sections.length === 0 && (
        <Empty>This skill has no pages of its own, or nothing was measured yet.</Empty>
      )}
      {data?.sections.map((section) => (
        <section key={section.title} aria-label={section.title}>
          <h2>{section.title}</h2>
          <p>{section.lead}</p>
          {section.parts.map((part, at) => (
            <Part key={`${part.kind} ${at}`} part={part} />
          ))}
        </section>
      ))}
    </main>
  )
}

const Part = ({ part }: { part: ReportPart }) => {
  if (part.kind === 'table') return <Rows head={part.head} rows={part.rows} />
  if (part.kind === 'scatter') return <Scatter part={part} />
  return (
    <article className="columns">
      <h3>{part.request}</h3>
      {part.columns.map(({ head, lines }) => (
        <section key={head} aria-label={head}>
          <h4>{head}</h4>
          <div className="reply">
            {lines.map((line, at) => (
              <Line key={`${at} ${line.text}`} line={line} />
            ))}
          </div>
        </section>
      ))}
    </article>
  )
}

const Line = ({ line: { text, mark } }: { line: ReportLine }) => (
  <div>
    {text} {mark && <span className="mark warn">{mark}</span>}
  </div>
)

const Rows = ({ head, rows }: { head: readonly string[]; rows: readonly (readonly (string | number)[])[] }) => (
  <Table label={head.join(', ')} head={head}>
    {rows.map((row, at) => (
      <tr key={`${at} ${row[0]}`}>
        {row.map((cell, column) => (
          <td key={head[column] ?? column} className={typeof cell === 'number' ? 'number' : undefined}>
            {typeof cell === 'number' ? Number(cell.toPrecision(4)) : cell}
          </td>
        ))}
      </tr>
    ))}
  </Table>
)

const side = 360
const edge = 12

/** Points in two dimensions without units: each group has a colour and a shape of its own, and its name beside it. */
const Scatter = ({ part: { title, groups } }: { part: Extract<ReportPart, { kind: 'scatter' }> }) => {
  const all = groups.flatMap(({ points }) => points)
  const place = (axis: 0 | 1) => {
    const values = all.map((point) => point[axis])
    const [low, high] = [Math.min(...values), Math.max(...values)]
    return (value: number) => edge + ((value - low) / (high - low || 1)) * (side - 2 * edge)
  }
  const [x, y] = [place(0), place(1)]
  const ordered = groups
    .map((group, at) => ({ group, at }))
    .sort((a, b) => Number(a.group.strong ?? false) - Number(b.group.strong ?? false))
  return (
    <figure className="curve scatter">
      <figcaption>{title}</figcaption>
      <svg
        viewBox={`0 0 ${side} ${side}`}
        role="img"
        aria-label={`${title}: ${groups.map(({ name, points }) => `${name}, ${points.length} points`).join('; ')}`}
      >
        {ordered.map(({ group, at }) =>
          group.points.map(([px, py], n) => (
            <Dot key={`${group.name} ${n}`} kind={at} x={x(px)} y={side - y(py)} strong={group.strong ?? false} />
          )),
        )}
      </svg>
      <ul className="parts">
        {groups.map(({ name }, at) => (
          <li key={name}>
            <svg width="14" height="14" aria-hidden="true">
              <Dot kind={at} x={7} y={7} strong />
            </svg>{' '}
            {name}
          </li>
        ))}
      </ul>
    </figure>
  )
}

const Dot = ({ kind, x, y, strong }: { kind: number; x: number; y: number; strong: boolean }) => {
  const paint = { fill: `var(--line-${(kind % 6) + 1})`, opacity: strong ? 1 : 0.55 }
  const radius = strong ? 5 : 3
  if (kind % 3 === 1) return <rect x={x - radius} y={y - radius} width={2 * radius} height={2 * radius} {...paint} />
  if (kind % 3 === 2) return <path d={`M${x} ${y - radius}L${x + radius} ${y + radius}H${x - radius}Z`} {...paint} />
  return <circle cx={x} cy={y} r={radius} {...paint} />
}
