import { type KeyboardEvent, useState } from 'react'
import { plural } from '../../commands/format-text.ts'
import type { ItemsPage } from '../../commands/show/items.ts'
import { ask, useAsk } from './api.ts'
import { Editor } from './edit.tsx'
import { List } from './list.tsx'
import type { Live } from './live.ts'
import { Choice, Detail, Empty, Failure, Raw } from './parts.tsx'
import { itemOf, type Review as ReviewOf, useReview } from './review.ts'
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
  edited,
}: {
  run: string
  rounds: readonly number[]
  waiting: Live['waiting']
  edited: number // items that people changed: rows are read again
}) => {
  const review = useReview(run, waiting)
  const [chosenSet, setSet] = useState<string>()
  const set = chosenSet ?? (review ? waiting?.rows : undefined) ?? 'items'
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
  const { data: first, error } = useAsk<ItemsPage>('show items', { ...args, limit: 1 }, edited)
  const name = JSON.stringify(args)
  const shown = chosen?.of === name ? chosen : undefined // another list has other rows at its places
  const ofRows = set === 'training' || set === 'pairs' // elsewhere a line is an item
  const atDoor = review && (round === undefined || round === waiting?.round) ? review : undefined
  const reviews = ofRows ? atDoor : undefined
  // pairs are made of replies to the items as they were
  const canEdit = atDoor !== undefined && waiting?.rows === 'training' && set !== 'pairs' && set !== 'practice'
  const [editing, setEditing] = useState<string>()
  const item = shown && (ofRows ? itemOf(shown.row.id) : shown.row.id)
  // x rejects the chosen row's item, a accepts it again, e edits it
  const onReviewKey = (event: KeyboardEvent) => {
    const { key, target } = event
    if (item === undefined || (target as HTMLElement).tagName === 'INPUT') return
    if (key === 'x' || key === 'a') reviews?.turn(item, key === 'x')
    if (key !== 'e' || !canEdit) return
    event.preventDefault() // the letter is not meant for the editor
    setEditing(item)
  }
  return (
    <main className="split">
      <section aria-label="rows" onKeyDown={(event) => onReviewKey(event)}>
        <div className="row">
          <Choice label="rows" of={sets} value={set} onChange={setSet} />
          <Choice
            label="round"
            none="last"
            of={rounds.filter((each) => each > 0)}
            value={round ?? ''}
            onChange={(chosen) => setRound(chosen ? Number(chosen) : undefined)}
          />
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
            Review before training: <kbd>x</kbd> rejects the chosen item, <kbd>a</kbd> accepts it
            {canEdit && (
              <>
                , <kbd>e</kbd> edits it
              </>
            )}
            . {plural(reviews.rejected.size, 'item')} rejected, {plural(edited, 'item')} edited in this run.{' '}
            <a href={`#/run/${run}`}>Back to the approval</a>
          </p>
        )}
        <Failure error={error} />
        {first && first.total === 0 && <Empty>No such rows.</Empty>}
        <List<Row>
          label="rows"
          name={name}
          version={edited}
          total={first?.total ?? 0}
          rowHeight={44}
          load={async (offset, limit) => (await ask<ItemsPage>('show items', { ...args, offset, limit })).rows}
          chosen={shown?.at}
          onChoose={(row, at) => setChosen({ row, at, of: name })}
          draw={(row) => (
            <>
              {reviews?.rejected.has(itemOf(row.id)) && <span className="mark fail">✗ rejected</span>}
              {row.editedBy !== undefined && <span className="mark warn">✎ edited</span>}
              <span className="text">{row.text}</span>
              <span className="dim text">
                {row.label && `${row.label} · `}
                {Object.keys(row.tags).length > 0 && tagsText(row.tags)} {row.reasons?.join('; ')}
              </span>
            </>
          )}
        />
      </section>
      {shown && (
        <Detail label="the row">
          {item !== undefined && (
            <Review review={reviews} item={item} onEdit={canEdit ? () => setEditing(item) : undefined} />
          )}
          {canEdit && editing !== undefined && editing === item && (
            <Editor key={item} run={run} item={item} onEnd={() => setEditing(undefined)} />
          )}
          <Whole key={shown.row.row} args={args} row={shown.row} at={shown.at} edited={edited} />
        </Detail>
      )}
    </main>
  )
}

/** What the keys do, for who has none. */
const Review = ({
  review,
  item,
  onEdit,
}: {
  review: ReviewOf | undefined
  item: string
  onEdit: (() => void) | undefined
}) => (
  <div className="row">
    {review && (
      <button type="button" onClick={() => review.turn(item)}>
        {review.rejected.has(item) ? 'Accept the item' : 'Reject the item'}
      </button>
    )}
    {onEdit && (
      <button type="button" onClick={onEdit}>
        Edit the item
      </button>
    )}
  </div>
)

const Whole = ({ args, row: before, at, edited }: { args: object; row: Row; at: number; edited: number }) => {
  const { data, error } = useAsk<ItemsPage>('show items', { ...args, offset: at, limit: 1, full: true }, edited)
  const row = data?.rows[0] ?? before
  return (
    <>
      <h2>{row.id}</h2>
      {row.editedBy !== undefined && <p className="dim">edited by {row.editedBy}</p>}
      {Object.keys(row.tags).length > 0 && <p className="dim">{tagsText(row.tags)}</p>}
      <p className="reply">{row.text}</p>
      {row.reply !== undefined && <p className="reply">{row.reply}</p>}
      {row.reasons?.map((reason) => (
        <p key={reason} className="bad">
          {reason}
        </p>
      ))}
      <Failure error={error} />
      {data?.rows[0] && <Raw label="the whole row" value={data.rows[0].whole} />}
    </>
  )
}
