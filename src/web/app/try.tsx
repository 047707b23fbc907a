import { useState } from 'react'
import type { TryReply } from '../../graph/try.ts'
import { useOrder } from './api.ts'
import { Said } from './parts.tsx'

interface Answered {
  readonly said: readonly { readonly text: string; readonly student: TryReply; readonly base?: TryReply }[]
}

/** The best student and the untouched one, side by side. */
export const TryPage = ({ run }: { run: string }) => {
  const [text, setText] = useState('')
  const [said, setSaid] = useState<Answered['said']>([])
  const order = useOrder((output) => setSaid((before) => [...((output as Answered).said ?? []), ...before]))
  return (
    <main>
      <h1>Try the student</h1>
      <form
        className="row"
        onSubmit={(event) => {
          event.preventDefault()
          void order.perform('try', { run, text, base: true })
        }}
      >
        <label className="wide">
          ask it <input value={text} onChange={({ target }) => setText(target.value)} required />
        </label>
        <button type="submit" className="primary" disabled={order.busy}>
          {order.busy ? 'Starting the students …' : 'Ask'}
        </button>
      </form>
      <Said said={order.said} />
      {said.map((each, at) => (
        <article key={said.length - at} className="columns">
          <h2>{each.text}</h2>
          <Reply name="trained" reply={each.student} />
          {each.base && <Reply name="base" reply={each.base} />}
        </article>
      ))}
    </main>
  )
}

const Reply = ({ name, reply: { turn, results, ms } }: { name: string; reply: TryReply }) => (
  <section aria-label={name}>
    <h3>
      {name} <span className="dim">{(ms / 1000).toFixed(1)} s</span>
    </h3>
    <p className="reply">{turn.content || (turn.toolCalls?.length ? '' : '(said nothing)')}</p>
    {turn.toolCalls?.map((call) => (
      <div key={call.id}>
        <p className="reply call">
          {call.name}({JSON.stringify(call.arguments)})
        </p>
        <p className="reply dim">
          {results.find((result) => result.call.id === call.id)?.content ??
            'not executed: no such tool, or the config declares no sandbox'}
        </p>
      </div>
    ))}
  </section>
)
