import { useState } from 'react'
import type { RunEvent } from '../../core/events.ts'
import { Choice } from './parts.tsx'
import { clock, points, roundText, tagsText } from './text.ts'

const groups = [
  'all',
  'run',
  'stage',
  'train',
  'eval',
  'gate',
  'spec',
  'order',
  'item',
  'budget',
  'llm',
  'warning',
] as const

/** What happened, the newest first. */
export const Log = ({ events }: { events: readonly RunEvent[] }) => {
  const [only, setOnly] = useState<string>('all')
  const shown = (only === 'all' ? events : events.filter(({ type }) => type.startsWith(only))).slice(-300).reverse()
  return (
    <section aria-labelledby="log">
      <div className="row">
        <h2 id="log">Log</h2>
        <Choice label="show" of={groups} value={only} onChange={setOnly} />
        <span className="dim">{events.length} events</span>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: only what has the focus is scrolled by keys */}
      <ol className="log" aria-label="events" tabIndex={0}>
        {shown.map((event) => (
          <li key={event.seq} data-seq={event.seq}>
            <time dateTime={event.at}>{clock(event.at)}</time> <span className="type">{event.type}</span>{' '}
            <span className="dim">
              {event.round === undefined ? '' : roundText(event.round)} {event.stage}
            </span>{' '}
            {lineOf(event)}
          </li>
        ))}
      </ol>
    </section>
  )
}

/** What an event says beyond its type. Any text in it is shown as text. */
const lineOf = (event: RunEvent): string => {
  switch (event.type) {
    case 'gate.verdict':
      return `${event.data.verdict}: ${event.data.reason ?? ''}`
    case 'item.counts':
      return `${event.data.made} made, ${event.data.accepted} accepted, ${event.data.rejected} rejected, ${event.data.duplicates} near-duplicates`
    case 'eval.finished':
      return `${event.data.rows} ${event.data.split} items`
    case 'spec.written':
      return `${event.data.parts.length} parts by ${event.data.author}`
    case 'prediction.scored':
      return `${event.data.criterion} ${tagsText(event.data.where)}: predicted ${points(event.data.predicted)}, came ${points(event.data.moved)}`
    case 'stage.finished':
      return `${(event.data.ms / 1000).toFixed(1)} s`
    case 'train.finished':
      return `${event.data.steps} steps, loss ${event.data.finalLoss?.toFixed(3) ?? 'not finite'}`
    case 'order.taken':
      return event.data.answer
    case 'guidance.given':
      return `${event.data.by}: ${event.data.text}`
    case 'item.edited':
      return `${event.data.item} by ${event.data.by}: ${event.data.fields.join(', ')}`
    case 'rows.reviewed':
      return `${event.data.items} items left out by ${event.data.by}, ${event.data.left} rows left`
    case 'sealed.opened':
      return `look ${event.data.opening} at ${event.data.items} sealed items, by ${event.data.by}`
    case 'model.published':
      return `${event.data.folder}: targets ${event.data.targets.replace('-', ' ')}`
    case 'budget.near':
    case 'budget.exceeded':
      return `${Number(event.data.spent.toFixed(2))} of ${event.data.limit} ${event.data.which}`
    case 'llm.used':
      return `${event.data.role}, ${event.data.model}: ${event.data.calls} calls, ${event.data.input + event.data.output} tokens, money ${event.data.money.toFixed(2)}`
    case 'approval.requested':
      return event.data.what
    case 'warning':
    case 'run.failed':
    case 'stage.failed':
      return event.data.message
    case 'run.finished':
    case 'run.stopped':
      return event.data.reason
    default:
      return ''
  }
}
