import { useState } from 'react'
import { plural } from '../../commands/format-text.ts'
import type { SpecShown } from '../../commands/show/spec.ts'
import type { Dimensions } from '../../core/contract.ts'
import { useAsk, useOrder } from './api.ts'
import type { Live } from './live.ts'
import { Confirm, Failure, Said } from './parts.tsx'
import { useReview } from './review.ts'

/** A run waits for a person: its spec can be edited where its rows are not made yet. */
export const Door = ({ run, waiting }: { run: string; waiting: NonNullable<Live['waiting']> }) => {
  const { data, error } = useAsk<{ dimensions: Dimensions; specs: SpecShown[] }>(
    'show spec',
    { run, round: Math.max(1, waiting.round) },
    waiting.request,
  )
  const [edited, setEdited] = useState<{ request: number; text: string }>()
  const order = useOrder()
  const review = useReview(run, waiting)
  const drop = [...(review?.rejected ?? [])]
  const spec = data?.specs[0]
  const before = spec?.parts.map(({ text }) => text).join('\n') ?? ''
  const text = edited?.request === waiting.request ? edited.text : before
  const editable = waiting.what.startsWith('generate ')
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
  const part = editable && lines.join('\n') !== before ? { part: lines } : {}
  const rows = lines.reduce((sum, line) => sum + Number(/:(\d+)$/.exec(line)?.[1] ?? 0), 0)
  // before the baseline there is no spec yet; once there is one, nobody approves it unseen or empty
  const ready = spec ? lines.length > 0 : data !== undefined || error !== undefined
  return (
    <section className="door" aria-labelledby="door">
      <h2 id="door">Waits for your approval: {waiting.what}</h2>
      <Failure error={error} />
      {spec?.why && <p>{spec.why}</p>}
      {spec && (
        <label>
          spec of round {spec.round}, a part a line (TAGS:ROWS){editable ? '' : '; its rows are made already'}
          <textarea
            rows={Math.min(12, Math.max(3, lines.length + 1))}
            value={text}
            readOnly={!editable}
            spellCheck={false}
            onChange={({ target }) => setEdited({ request: waiting.request, text: target.value })}
          />
        </label>
      )}
      {data && editable && <Tags dimensions={data.dimensions} />}
      <div className="row">
        <button
          type="button"
          className="primary"
          disabled={order.busy || !ready}
          onClick={() =>
            void order.perform('approve', { run, request: waiting.request, ...part, ...(drop.length > 0 && { drop }) })
          }
        >
          Approve{spec && ` ${plural(rows, 'row')}`}
          {'part' in part ? ', edited' : ''}
          {drop.length > 0 ? `, without ${plural(drop.length, 'item')}` : ''}
        </button>
        {review && (
          <a className="button" href={`#/run/${run}/data`}>
            Review the rows
          </a>
        )}
        <button
          type="button"
          onClick={() => void order.perform('approve', { run, request: waiting.request, reject: true })}
        >
          Reject and stop
        </button>
      </div>
      <Said said={order.said} />
      <Confirm question={order.question} answer={order.answer} />
    </section>
  )
}

const Tags = ({ dimensions }: { dimensions: Dimensions }) => (
  <details>
    <summary>Tags that a part may name</summary>
    <dl className="tags">
      {Object.entries(dimensions).map(([name, values]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{values.join(', ')}</dd>
        </div>
      ))}
    </dl>
  </details>
)
