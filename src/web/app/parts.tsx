/** Small parts that several views share. */
import { type ReactNode, useEffect, useRef } from 'react'
import type { AskError, Question } from './api.ts'
import { duration } from './text.ts'

export const Failure = ({ error }: { error?: AskError | undefined }) =>
  error ? (
    <p className="bad" role="alert">
      {error.message} <code>{error.code}</code>
    </p>
  ) : null

/** What may be wider or longer than its place: whoever has no mouse scrolls it with the keys. */
export const Scroll = ({ label, children }: { label: string; children: ReactNode }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: only what has the focus is scrolled by keys
  <section className="scroll" aria-label={label} tabIndex={0}>
    {children}
  </section>
)

/** Beside a list: the chosen one, whole. */
export const Detail = ({ label, children }: { label: string; children: ReactNode }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: only what has the focus is scrolled by keys
  <section className="detail" aria-label={label} tabIndex={0}>
    {children}
  </section>
)

/** Data as they are, in a box that scrolls. */
export const Raw = ({ label, value }: { label: string; value: unknown }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: only what has the focus is scrolled by keys
  <section className="raw" aria-label={label} tabIndex={0}>
    <pre>{JSON.stringify(value, undefined, 1)}</pre>
  </section>
)

export const Empty = ({ children }: { children: ReactNode }) => <p className="empty">{children}</p>

const marks: Record<string, string> = {
  pass: '✓',
  fail: '✗',
  warn: '~',
  error: '!',
  ungraded: '?',
  'not-applicable': '·',
}

/** A verdict as a mark and a word: never by colour alone. */
export const Mark = ({ status, word = false }: { status: string | null; word?: boolean }) => (
  <span className={`mark ${status ?? 'none'}`} title={status ?? 'not answered'}>
    <span aria-hidden="true">{marks[status ?? ''] ?? '–'}</span>
    {word ? ` ${status}` : <span className="unseen">{status ?? 'not answered'}</span>}
  </span>
)

/** Asks a person to confirm exactly this; Escape is no. */
export const Confirm = ({ question, answer }: { question: Question | undefined; answer: (yes: boolean) => void }) => {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (question) dialog.current?.showModal()
    else dialog.current?.close()
  }, [question])
  return (
    <dialog ref={dialog} aria-labelledby="confirm-title" onCancel={() => answer(false)}>
      {question && (
        <>
          <h2 id="confirm-title">{question.command}?</h2>
          <p>{question.summary}</p>
          <Raw label="arguments" value={question.args} />
          <Forecast forecast={question.forecast} />
          <p className="dim">This opens the command once, with exactly these arguments.</p>
          <div className="row end">
            <button type="button" onClick={() => answer(false)}>
              No
            </button>
            <button type="button" className="primary" onClick={() => answer(true)}>
              Yes, {question.command}
            </button>
          </div>
        </>
      )}
    </dialog>
  )
}

interface Known {
  readonly minutes?: number
  readonly money?: number
  readonly rounds?: number
  readonly rows?: number
  readonly spec?: readonly { readonly change: string; readonly part: string }[]
  readonly budget?: readonly { readonly limit: string; readonly before: number | null; readonly after: number }[]
}

const Forecast = ({ forecast }: { forecast: unknown }) => {
  if (!forecast || typeof forecast !== 'object') return null
  const { minutes, money, rounds, rows, spec, budget } = forecast as Known
  const words = [
    ...(minutes === undefined ? [] : [`at most about ${duration(minutes * 60)}`]),
    ...(money === undefined ? [] : [money === 0 ? 'no money' : `money ${money}`]),
    ...(rounds === undefined ? [] : [`${rounds} rounds`]),
    ...(rows === undefined ? [] : [`${rows} rows`]),
    ...(budget ?? []).map(({ limit, before, after }) => `${limit}: ${before ?? 'as configured'} → ${after}`),
  ]
  return (
    <>
      {words.length > 0 && <p>{words.join(' · ')}</p>}
      {spec && <SpecDiff lines={spec} />}
    </>
  )
}

const signs: Record<string, string> = { added: '+', removed: '−', same: ' ' }

export const SpecDiff = ({ lines }: { lines: readonly { readonly change: string; readonly part: string }[] }) => (
  <ul className="diff" aria-label="changes of the spec">
    {lines.map(({ change, part }) => (
      <li key={change + part} className={change}>
        <span aria-hidden="true">{signs[change]} </span>
        {part}
        {change !== 'same' && <span className="unseen"> {change}</span>}
      </li>
    ))}
  </ul>
)

export const Said = ({ said }: { said: { text: string; bad: boolean } | undefined }) => (
  <p role="status" className={said?.bad ? 'bad' : 'dim'}>
    {said?.text}
  </p>
)
