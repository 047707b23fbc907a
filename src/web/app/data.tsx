import { type KeyboardEvent, useState } from 'react'
import { plural } from '../../commands/format-text.ts'
import type { ItemsPage } from '../../commands/show/items.ts'
import { ask, useAsk } from './api.ts'
import { List } from './list.tsx'
import type { Live } from './live.ts'
import { Empty, Failure } from './parts.tsx'
import { itemOf, useReview } from './review.ts'
import { useSlow } from './slow.ts'
import { count, tagsText } from './text.ts'

type Row = ItemsPage['rows'][number]
const sets = {
  items: 'made items',
  rejected: 'rejected, with reasons',
  training: 'trained rows',
  pairs: 'pairs',
  practice: 'practice replies',
}

/** The rows of a round, page by page: 100,000 are as quick as 100. */
export const DataPage = ({
  run,
  rounds,
  waiting,
}: {
  run: string
  rounds: readonly number[]
  waiting: Live['waiting']
}) => {
  const review = useReview(run, waiting)
  const [set, setSet] = useState(review ? 'training' : 'items')
  const [round, setRound] = useState<number>()
  const [typed, setTyped] = useState('')
  const [where, setWhere] = useState('')
  const search = useSlow(typed)
  const tags = useSlow(where)
  const [chosen, setChosen] = useState<{ row: Row; at: number; of: string }>()
  const args = {
    run,
    set,
    ...(round !== undefined && { round }),
    ...(search && { search }),
    ...(tags && { where: tags.trim().split(/\s+/) }),
  }
  const { data: first, error } = useAsk<ItemsPage>('show items', { ...args, limit: 1 })
  const name = JSON.stringify(args)
  const shown = chosen?.of === name ? chosen : undefined // another list has other rows at its places
  const reviews = review && (set === 'training' || set === 'pairs') ? review : undefined
  // x rejects the chosen row's item, a accepts it again
  const onReviewKey = ({ key, target }: KeyboardEvent) => {
    if (reviews && shown && (key === 'x' || key === 'a') && (target as HTMLElement).tagName !== 'INPUT')
      reviews.turn(itemOf(shown.row.id), key === 'x')
  }
  return (
    <main className="split">
      <section aria-label="rows" onKeyDown={(event) => onReviewKey(event)}>
        <div className="row">
          <label>
            rows{' '}
            <select value={set} onChange={({ target }) => setSet(target.value)}>
              {Object.entries(sets).map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          </label>
          <label>
            round{' '}
            <select
              value={round ?? ''}
              onChange={({ target }) => setRound(target.value ? Number(target.value) : undefined)}
            >
              <option value="">last</option>
              {rounds
                .filter((each) => each > 0)
                .map((each) => (
                  <option key={each}>{each}</option>
                ))}
            </select>
          </label>
          <label>
            search <input type="search" value={typed} onChange={({ target }) => setTyped(target.value)} data-key="/" />
          </label>
          <label>
            tags <input value={where} onChange={({ target }) => setWhere(target.value)} placeholder="kind=ask" />
          </label>
        </div>
        <p className="dim" role="status">
          {first && `${count(first.total)} of ${count(first.all)} rows, round ${first.round}`}
        </p>
        {reviews && (
          <p className="notice">
            Review before training: <kbd>x</kbd> rejects the chosen item, <kbd>a</kbd> accepts it.{' '}
            {plural(reviews.rejected.size, 'item')} rejected. <a href={`#/run/${run}`}>Back to the approval</a>
          </p>
        )}
        <Failure error={error} />
        {first && first.total === 0 && <Empty>No such rows.</Empty>}
        <List<Row>
          label="rows"
          name={name}
          total={first?.total ?? 0}
          rowHeight={44}
          load={async (offset, limit) => (await ask<ItemsPage>('show items', { ...args, offset, limit })).rows}
          chosen={shown?.at}
          onChoose={(row, at) => setChosen({ row, at, of: name })}
          draw={(row) => (
            <>
              {reviews?.rejected.has(itemOf(row.id)) && <span className="mark fail">✗ rejected</span>}
              <span className="text">{row.text}</span>
              <span className="dim text">
                {row.label && `${row.label} · `}
                {Object.keys(row.tags).length > 0 && tagsText(row.tags)} {row.reasons?.join('; ')}
              </span>
            </>
          )}
        />
      </section>
      {shown && <Whole key={shown.row.row} args={args} row={shown.row} at={shown.at} />}
    </main>
  )
}

const Whole = ({ args, row, at }: { args: object; row: Row; at: number }) => {
  const { data, error } = useAsk<ItemsPage>('show items', { ...args, offset: at, limit: 1, full: true })
  return (
    <section className="detail" aria-label="the row">
      <h2>{row.id}</h2>
      {Object.keys(row.tags).length > 0 && <p className="dim">{tagsText(row.tags)}</p>}
      <p className="reply">{row.text}</p>
      {row.reply !== undefined && <p className="reply">{row.reply}</p>}
      {row.reasons?.map((reason) => (
        <p key={reason} className="bad">
          {reason}
        </p>
      ))}
      <Failure error={error} />
      {data?.rows[0] && <pre>{JSON.stringify(data.rows[0].whole, undefined, 1)}</pre>}
    </section>
  )
}
