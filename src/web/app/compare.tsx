import { useState } from 'react'
import type { ComparedRuns } from '../../commands/compare.ts'
import { useAsk } from './api.ts'
import { Choice, Failure, Table } from './parts.tsx'
import { bounds, percent, points, roundText, tagsText } from './text.ts'

type Row = ComparedRuns['criteria'][number] | ComparedRuns['tags'][number]

/** Two runs on the same gate items: differences with intervals, never items. */
export const ComparePage = () => {
  const { data: all } = useAsk<{ runs: { run: string }[] }>('runs', {})
  const [first, setFirst] = useState('')
  const [second, setSecond] = useState('')
  const names = all?.runs.map(({ run }) => run) ?? []
  return (
    <main>
      <h1>Compare</h1>
      <div className="row">
        <Choice label="first" none="choose a run" of={names} value={first} onChange={setFirst} />
        <Choice label="second" none="choose a run" of={names} value={second} onChange={setSecond} />
      </div>
      {first && second && <Compared key={`${first} ${second}`} first={first} second={second} />}
    </main>
  )
}

const Compared = ({ first, second }: { first: string; second: string }) => {
  const { data, error } = useAsk<ComparedRuns>('compare', { first, second })
  if (!data) return error ? <Failure error={error} /> : <p>…</p>
  const tables: [string, readonly Row[]][] = [
    ['by criterion', data.criteria],
    [`${data.criterion} by tag`, data.tags],
  ]
  return (
    <>
      <p>
        {data.first.run} ({roundText(data.first.round)}) minus {data.second.run} ({roundText(data.second.round)}),{' '}
        {data.items} {data.split} items
      </p>
      {tables.map(([title, rows]) => (
        <Table
          key={title}
          label={title}
          caption={title}
          head={['', 'first', 'second', 'points', '95 % interval', 'items']}
        >
          {rows.map((row) => {
            const name = 'where' in row ? tagsText(row.where) : row.criterion
            return (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td className="number">{percent(row.firstRate)}</td>
                <td className="number">{percent(row.secondRate)}</td>
                <td className={`number ${(row.low ?? 0) > 0 ? 'good' : (row.high ?? 0) < 0 ? 'bad' : ''}`}>
                  {points(row.difference)}
                </td>
                <td className="number">{bounds(row.low, row.high)}</td>
                <td className="number">{row.rows}</td>
              </tr>
            )
          })}
        </Table>
      ))}
      {data.notes.map((note) => (
        <p key={note} className="dim">
          {note}
        </p>
      ))}
    </>
  )
}
