import { useEffect, useRef, useState } from 'react'
import type { Part } from '../../chat/conversation.ts'
import type { Line } from '../../chat/history.ts'
import type { Said } from '../chats.ts'
import { AskError, type Question } from './api.ts'
import { Confirm, Failure } from './parts.tsx'

interface Shown {
  readonly who: 'person' | 'model' | 'command' | 'note' | 'error'
  readonly text: string
}

/** A conversation about a run. What changes or costs is confirmed in a box of its own, never by a word of the model. */
export const ChatPage = ({ run }: { run: string }) => {
  const [lines, setLines] = useState<readonly Shown[]>([])
  const [text, setText] = useState('')
  const [question, setQuestion] = useState<Question>()
  const [error, setError] = useState<AskError>()
  const [turn, setTurn] = useState<AbortController>()
  const end = useRef<HTMLDivElement>(null)
  const add = (line: Shown) => setLines((before) => [...before, line])
  useEffect(() => {
    fetch(`/api/chat/${encodeURIComponent(run)}`)
      .then((response) => response.json() as Promise<{ lines: Line[] }>)
      .then((answer) => setLines(answer.lines ?? []))
      .catch(() => setError(new AskError('offline', 'The server does not answer.')))
  }, [run])
  useEffect(() => {
    if (lines.length > 0) end.current?.scrollIntoView({ block: 'end' })
  }, [lines])

  const take = (part: Part) => {
    if (part.kind === 'text')
      setLines((before) => {
        const last = before.at(-1)
        return last?.who === 'model'
          ? [...before.slice(0, -1), { who: 'model', text: last.text + part.text }]
          : [...before, { who: 'model', text: part.text }]
      })
    else if (part.kind === 'tool') add({ who: 'note', text: `${part.name} ${JSON.stringify(part.args)}` })
    else if (part.kind === 'question') setQuestion(part.question)
    else if (part.kind === 'error') add({ who: 'error', text: `${part.message} [${part.code}]` })
    else add({ who: part.kind === 'output' ? 'command' : 'note', text: part.text })
  }
  const send = async (said: Said, shown: string) => {
    const left = new AbortController()
    setTurn(left)
    setError(undefined)
    add({ who: 'person', text: shown })
    try {
      await stream(run, said, left.signal, take)
    } catch (thrown) {
      if (!left.signal.aborted) setError(thrown as AskError)
    } finally {
      setTurn(undefined)
    }
  }
  const say = () => {
    setText('')
    void send({ text }, text)
  }
  // through the conversation, which keeps what was answered
  const answer = (yes: boolean) => {
    setQuestion(undefined)
    if (question) void send({ yes, token: question.token }, yes ? '/yes' : '/no')
  }
  return (
    <main className="chat">
      <h1>Chat</h1>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: only what has the focus is scrolled by keys */}
      <div className="lines" role="log" aria-label="conversation" tabIndex={0}>
        {lines.map((line, at) => (
          <p key={at} className={`line ${line.who}`}>
            <span className="unseen">{line.who}: </span>
            {line.text}
          </p>
        ))}
        <div ref={end} />
      </div>
      <Failure error={error} />
      <form
        className="row"
        onSubmit={(event) => {
          event.preventDefault()
          say()
        }}
      >
        <label className="wide">
          <span className="unseen">what to say</span>
          <input
            value={text}
            onChange={({ target }) => setText(target.value)}
            placeholder="/why --round 2, or a sentence; /help lists the commands"
            data-key="/"
            maxLength={4000}
            required
          />
        </label>
        {turn ? (
          <button type="button" onClick={() => turn.abort()}>
            Cancel
          </button>
        ) : (
          <button type="submit" className="primary">
            Say
          </button>
        )}
      </form>
      {/* a model may still be talking: one turn at a time */}
      <Confirm question={turn ? undefined : question} answer={answer} />
    </main>
  )
}

const stream = async (run: string, said: Said, signal: AbortSignal, take: (part: Part) => void): Promise<void> => {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`/api/chat/${encodeURIComponent(run)}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(said),
    signal,
  })
  if (!response.ok || !response.body) {
    const { error } = (await response.json()) as { error: { code: string; message: string } }
    throw new AskError(error.code, error.message)
  }
  let rest = ''
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const lines = (rest + next.value).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) take(JSON.parse(line) as Part)
  }
}
