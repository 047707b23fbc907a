import { plural } from '../../commands/format-text.ts'
import type { SpecShown } from '../../commands/show/spec.ts'
import { useAsk } from './api.ts'
import { Empty, Failure, Mark, Table } from './parts.tsx'
import { points, tagsText } from './text.ts'

/** What was believed before each round, and what came of it. */
export const AnalystPage = ({ run, judged }: { run: string; judged: number }) => {
  const { data, error } = useAsk<{ specs: SpecShown[] }>('show spec', { run }, judged)
  return (
    <main>
      <h1>Analyst</h1>
      <Failure error={error} />
      {data && data.specs.length === 0 && <Empty>No spec was written yet: the first one follows the baseline.</Empty>}
      {[...(data?.specs ?? [])].reverse().map((spec) => (
        <section key={spec.round} aria-labelledby={`round-${spec.round}`}>
          <h2 id={`round-${spec.round}`}>
            Round {spec.round} <span className="dim">{authors[spec.author]}</span>
          </h2>
          {spec.why && <p>{spec.why}</p>}
          <ul className="parts">
            {spec.parts.map((part) => (
              <li key={part.text}>
                {tagsText(part.where)} <span className="dim">{plural(part.rows, 'row')}</span>
              </li>
            ))}
          </ul>
          {spec.hypotheses.length > 0 && <Hypotheses spec={spec} />}
        </section>
      ))}
    </main>
  )
}

const authors = {
  'error-weighted': 'in proportion to the errors of each tag',
  placebo: 'aimed by an analyst that read shuffled failures',
  uniform: 'spread evenly',
  statistical: 'aimed by the statistical analyst',
  llm: 'aimed by the LLM analyst',
  person: 'as a person wrote it',
}

const Hypotheses = ({ spec }: { spec: SpecShown }) => (
  <Table label="hypotheses" head={['rows for', 'predicted', 'came', 'hit', 'because of']}>
    {spec.hypotheses.map(({ part, predicts, scored, evidence, note }) => (
      <tr key={`${tagsText(part.where)} ${predicts.criterion}`}>
        <td>{tagsText(part.where)}</td>
        <td>
          {predicts.criterion} {points(predicts.points)} points, probability {predicts.probability.toFixed(2)}
        </td>
        <td className="number">{scored ? points(scored.moved) : 'not judged yet'}</td>
        <td>
          {scored &&
            (scored.hit === null || scored.hit === undefined ? (
              <Mark status="ungraded" word />
            ) : (
              <Mark status={scored.hit ? 'pass' : 'fail'} />
            ))}
        </td>
        <td className="dim">{note || plural(evidence.length, 'item')}</td>
      </tr>
    ))}
  </Table>
)
