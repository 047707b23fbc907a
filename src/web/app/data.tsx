import { useState } from 'react'
import type { ItemsPage } from '../../commands/show/items.ts'
import { ask, useAsk } from './api.ts'
import { List } from './list.tsx'
import { Empty, Failure } from './parts.tsx'
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
export const DataPage = ({ run, rounds }: { run: string; rounds: readonly number[] }) => {
  const [set, setSet] = useState('items')
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
  return (
    <main className="split">
      <section aria-label="rows">
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
              <span className="text">{row.text}</span>
              <span className="dim text">
                {row.label && `${row.label} · `}
                {tagsText(row.tags)} {row.reasons?.join('; ')}
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
      <p className="dim">{tagsText(row.tags)}</p>
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
