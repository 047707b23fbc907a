import { useState } from 'react'
import type { Matrix } from '../../commands/show/evaluation.ts'
import type { ItemShown } from '../../commands/show/item.ts'
import { ask, useAsk } from './api.ts'
import { Diff } from './diff.tsx'
import { List } from './list.tsx'
import { Choice, Detail, Empty, Failure, Mark, Table } from './parts.tsx'
import { useSlow } from './slow.ts'
import { count, percent, roundText, tagsText } from './text.ts'

type Item = Matrix['items'][number]
const filters = { all: 'all', changed: 'that changed', failing: 'failing now', worse: 'that got worse' }

/** Dev items by round, with every reply. Of gate only rates are shown, elsewhere. */
export const EvaluationPage = ({ run, judged }: { run: string; judged: number }) => {
  const [criterion, setCriterion] = useState('')
  const [only, setOnly] = useState('all')
  const [typed, setTyped] = useState('')
  const [where, setWhere] = useState('')
  const [chosen, setChosen] = useState<{ id: string; at: number; of: string }>()
  const search = useSlow(typed)
  const args = {
    run,
    only,
    ...(criterion && { criterion }),
    ...(search && { search }),
    ...(where && { where: [where] }),
  }
  const name = JSON.stringify([args, judged])
  const { data, error } = useAsk<Matrix>('show evaluation', { ...args, limit: 1 }, judged)
  return (
    <main className="split">
      <section aria-label="items">
        <div className="row">
          <Choice label="items" of={filters} value={only} onChange={setOnly} />
          <Choice label="criterion" none="all" of={data?.criteria ?? []} value={criterion} onChange={setCriterion} />
          <label>
            search <input type="search" value={typed} onChange={({ target }) => setTyped(target.value)} data-key="/" />
          </label>
          {where && (
            <button type="button" onClick={() => setWhere('')}>
              {where} ✕<span className="unseen"> show all tags</span>
            </button>
          )}
        </div>
        <Failure error={error} />
        {data && (
          <p className="dim" role="status">
            {count(data.total)} dev items · {data.rounds.map(roundText).join(' · ')}
          </p>
        )}
        {data && data.total === 0 && <Empty>No such items.</Empty>}
        <List<Item>
          label="dev items"
          name={name}
          total={data?.total ?? 0}
          rowHeight={44}
          load={async (offset, limit) => (await ask<Matrix>('show evaluation', { ...args, offset, limit })).items}
          chosen={chosen?.of === name ? chosen.at : undefined}
          onChoose={({ id }, at) => setChosen({ id, at, of: name })}
          draw={(item) => (
            <>
              <span className="cells">
                {item.cells.map((cell, at) => (
                  <Mark key={at} status={cell} />
                ))}
              </span>
              <span className="text">{item.request || item.id}</span>
              <span className="dim text">{tagsText(item.tags)}</span>
            </>
          )}
        />
        {data && <Heat matrix={data} onChoose={setWhere} />}
      </section>
      {chosen && <Replies key={chosen.id} run={run} item={chosen.id} />}
    </main>
  )
}

/** Pass rates by tag and round. The number stands in every cell: colour only helps. */
const Heat = ({ matrix, onChoose }: { matrix: Matrix; onChoose: (where: string) => void }) => (
  <Table
    label="pass rates by tag"
    caption="Pass rate on dev by tag and round"
    className="heat"
    head={['tag', ...matrix.rounds.map(roundText)]}
  >
    {matrix.heat.map(({ where, rates }) => (
      <tr key={tagsText(where)}>
        <th scope="row">
          <button type="button" className="plain" onClick={() => onChoose(tagsText(where))}>
            {tagsText(where)}
          </button>
        </th>
        {rates.map((rate, at) => (
          <td
            key={at}
            className={`number heat-${rate?.rate === undefined ? 'none' : Math.min(4, Math.floor(rate.rate * 5))}`}
            title={rate ? `${rate.passes} of ${rate.n}` : 'no data'}
          >
            {percent(rate?.rate)}
          </td>
        ))}
      </tr>
    ))}
  </Table>
)

const Replies = ({ run, item }: { run: string; item: string }) => {
  const { data, error } = useAsk<ItemShown>('show item', { run, item })
  const [diff, setDiff] = useState(true)
  if (!data) return <Detail label="replies">{error ? <Failure error={error} /> : <p>…</p>}</Detail>
  return (
    <Detail label="replies">
      <h2>{data.item}</h2>
      <p className="dim">{tagsText(data.tags)}</p>
      <h3>Asked</h3>
      <p className="reply">{data.request}</p>
      {data.gold !== null && (
        <>
          <h3>Right</h3>
          <p className="reply">{data.gold}</p>
          <label>
            <input type="checkbox" checked={diff} onChange={({ target }) => setDiff(target.checked)} /> show what
            differs from it
          </label>
        </>
      )}
      {data.replies.map((reply) => (
        <article key={reply.round}>
          <h3>
            {roundText(reply.round)} <Mark status={reply.status} word />
          </h3>
          {diff && data.gold !== null ? (
            <Diff from={data.gold} to={reply.text} />
          ) : (
            <p className="reply">{reply.text || '(said nothing)'}</p>
          )}
          <ul className="reasons">
            {reply.criteria
              .filter(({ status }) => status !== 'not-applicable')
              .map(({ criterion, status, reason }) => (
                <li key={criterion}>
                  <Mark status={status} /> {criterion} <span className="dim">{reason}</span>
                </li>
              ))}
          </ul>
        </article>
      ))}
    </Detail>
  )
}
