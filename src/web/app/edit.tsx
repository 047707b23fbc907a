/** An item's fields as a person changes them before they are trained: its skill decides whether it stays right. */
import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import type { ItemsPage } from '../../commands/show/items.ts'
import { AskError, useAsk, useOrder } from './api.ts'
import { Empty, Failure, Said } from './parts.tsx'

type Fields = Readonly<Record<string, unknown>>

export const Editor = ({ run, item, onEnd }: { run: string; item: string; onEnd: () => void }) => {
  const args = { run, set: 'items', search: JSON.stringify(item), limit: 50, full: true }
  const { data, error } = useAsk<ItemsPage>('show items', args)
  if (!data) return error ? <Failure error={error} /> : <p>…</p>
  const found = data.rows.find(({ id }) => id === item)?.whole
  return found === undefined ? (
    <Empty>This item is replayed from an earlier round: it can be left out, and not changed.</Empty>
  ) : (
    <Form run={run} item={item} before={editable(found as Fields)} onEnd={onEnd} />
  )
}

/** Without what an item is known by. */
const editable = ({ id: _id, family: _family, ...fields }: Fields): Fields => fields

const Form = ({ run, item, before, onEnd }: { run: string; item: string; before: Fields; onEnd: () => void }) => {
  const [text, setText] = useState(() => JSON.stringify(before, undefined, 1))
  const [wrong, setWrong] = useState<AskError>()
  const box = useRef<HTMLTextAreaElement>(null)
  useEffect(() => box.current?.focus(), [])
  const end = () => {
    // back to the list, so that the keys go on working
    document.querySelector<HTMLElement>('[role="listbox"]')?.focus()
    onEnd()
  }
  const order = useOrder((output) => (output as { answer?: string }).answer?.startsWith('edit:') && end())
  const save = () => {
    const after = fieldsIn(text)
    if (after instanceof AskError) return setWrong(after)
    setWrong(undefined)
    const field = changes(before, after)
    if (field.length === 0) return setWrong(new AskError('unchanged', 'Nothing was changed.'))
    void order.perform('edit', { run, item, field, wait: true })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation() // what is typed here reviews nothing
    if (event.key === 'Escape') end()
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) save()
  }
  return (
    <form
      aria-label={`edit ${item}`}
      onKeyDown={onKeyDown}
      onSubmit={(event) => {
        event.preventDefault()
        save()
      }}
    >
      <label>
        the item's fields, as JSON
        <textarea
          ref={box}
          rows={Math.min(24, text.split('\n').length + 1)}
          value={text}
          spellCheck={false}
          onChange={({ target }) => setText(target.value)}
        />
      </label>
      <div className="row">
        <button type="submit" className="primary" disabled={order.busy}>
          {order.busy ? 'Validating …' : 'Save'}
        </button>
        <button type="button" onClick={end}>
          Leave it
        </button>
        <span className="dim">
          <kbd>Ctrl</kbd> <kbd>Enter</kbd> saves, <kbd>Esc</kbd> leaves it
        </span>
      </div>
      <Failure error={wrong} />
      <Said said={order.said} />
    </form>
  )
}

const fieldsIn = (text: string): Fields | AskError => {
  try {
    const value = JSON.parse(text) as unknown
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
    return new AskError('bad-json', 'The fields are one JSON object.')
  } catch (error) {
    return new AskError('bad-json', `This is no JSON: ${(error as Error).message}.`)
  }
}

/** NAME=VALUE for every field that differs; null for one that is gone. */
const changes = (before: Fields, after: Fields): string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
    .map((name) => `${name}=${JSON.stringify(after[name] ?? null)}`)
