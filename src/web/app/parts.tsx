/** Small parts that several views share. */
import { type ReactNode, useEffect, useRef } from 'react'
import { diffSigns, forecastText } from '../../commands/forecast-text.ts'
import type { AskError, Question } from './api.ts'

export const Failure = ({ error }: { error?: AskError | undefined }) =>
  error ? (
    <p className="bad" role="alert">
      {error.message} <code>{error.code}</code>
    </p>
  ) : null

/** A table that scrolls sideways where it is too wide: whoever has no mouse scrolls it with the keys. */
export const Table = ({
  label,
  caption,
  head,
  className,
  children,
}: {
  label: string
  caption?: string
  head: readonly string[]
  className?: string
  children: ReactNode // its rows
}) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: only what has the focus is scrolled by keys
  <section className="scroll" aria-label={label} tabIndex={0}>
    <table className={className}>
      {caption !== undefined && <caption>{caption}</caption>}
      <thead>
        <tr>
          {head.map((word, at) => (
            <th key={at} scope="col">
              {word}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
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

const Forecast = ({ forecast }: { forecast: unknown }) => {
  const { words, diff } = forecastText(forecast)
  return (
    <>
      {words !== '' && <p>{words}</p>}
      {diff.length > 0 && (
        <ul className="diff" aria-label="what changes">
          {diff.map(({ change, part }) => (
            <li key={change + part} className={change}>
              <span aria-hidden="true">{diffSigns[change]} </span>
              {part}
              {change !== 'same' && <span className="unseen"> {change}</span>}
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

export const Said = ({ said }: { said: { text: string; bad: boolean } | undefined }) => (
  <p role="status" className={said?.bad ? 'bad' : 'dim'}>
    {said?.text}
  </p>
)

/** One of several, by its name; `none` names the choice of none of them, whose value is empty. */
export const Choice = ({
  label,
  of,
  none,
  value,
  onChange,
}: {
  label: string
  of: readonly (string | number)[] | Readonly<Record<string, string>> // what is shown, by its value where that is another
  none?: string
  value: string | number
  onChange: (value: string) => void
}) => (
  <label>
    {label}{' '}
    <select value={value} onChange={({ target }) => onChange(target.value)}>
      {none !== undefined && <option value="">{none}</option>}
      {(Array.isArray(of) ? of.map((each) => [each, each]) : Object.entries(of)).map(([key, shown]) => (
        <option key={key} value={key}>
          {shown}
        </option>
      ))}
    </select>
  </label>
)
