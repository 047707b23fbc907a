/** A list of any length: only what is seen is drawn, only the pages around it are asked for. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react'

const pageRows = 100

interface Props<Row> {
  readonly label: string
  readonly name: string // of what is listed: another name begins a new list
  readonly version?: unknown // of its rows: another one reads them again, at the same place
  readonly total: number
  readonly rowHeight: number // pixels
  readonly load: (offset: number, limit: number) => Promise<readonly Row[]>
  readonly draw: (row: Row, at: number) => ReactNode
  readonly chosen: number | undefined
  readonly onChoose: (row: Row, at: number) => void
}

export const List = <Row,>({ label, name, version, total, rowHeight, load, draw, chosen, onChoose }: Props<Row>) => {
  const box = useRef<HTMLDivElement>(null)
  const [pages, setPages] = useState<ReadonlyMap<number, readonly Row[]>>(new Map())
  const asked = useRef(new Set<number>())
  const loader = useRef(load)
  loader.current = load
  const chooser = useRef(onChoose)
  chooser.current = onChoose
  const awaited = useRef<number>(undefined) // chosen before it was read
  const listed = useRef('')
  const place = JSON.stringify([name, version])
  listed.current = place
  const virtual = useVirtualizer({
    count: total,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  })
  const seen = virtual.getVirtualItems()
  const wanted = [...new Set(seen.map(({ index }) => Math.floor(index / pageRows)))].join(' ')

  useEffect(() => {
    asked.current.clear()
    setPages(new Map())
  }, [place])
  useEffect(() => {
    box.current?.scrollTo({ top: 0 })
    awaited.current = undefined
  }, [name])
  useEffect(() => {
    for (const page of wanted === '' ? [] : wanted.split(' ').map(Number)) {
      if (asked.current.has(page)) continue
      asked.current.add(page)
      loader
        .current(page * pageRows, pageRows)
        .then((rows) => {
          if (listed.current !== place) return
          setPages((before) => new Map(before).set(page, rows))
          const at = awaited.current
          const row = at !== undefined && Math.floor(at / pageRows) === page ? rows[at % pageRows] : undefined
          if (at === undefined || row === undefined) return
          awaited.current = undefined
          chooser.current(row, at)
        })
        .catch(() => asked.current.delete(page))
    }
  }, [wanted, place])

  const rowAt = (at: number) => pages.get(Math.floor(at / pageRows))?.[at % pageRows]
  const choose = (at: number) => {
    const row = rowAt(at)
    virtual.scrollToIndex(at)
    awaited.current = row === undefined ? at : undefined
    if (row !== undefined) onChoose(row, at)
  }
  const step: Record<string, number> = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: 10, PageUp: -10 }
  const onKeyDown = (event: KeyboardEvent) => {
    const by = step[event.key]
    const at =
      event.key === 'Home' ? 0 : event.key === 'End' ? total - 1 : by === undefined ? undefined : (chosen ?? -1) + by
    if (at === undefined) return
    event.preventDefault()
    choose(Math.min(total - 1, Math.max(0, at)))
  }
  return (
    <div
      ref={box}
      className="list"
      role="listbox"
      aria-label={label}
      tabIndex={0}
      onKeyDown={onKeyDown}
      {...(chosen !== undefined && { 'aria-activedescendant': `row-${chosen}` })}
    >
      <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {seen.map(({ index, start }) => {
          const row = rowAt(index)
          return (
            // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus and names the active row
            // biome-ignore lint/a11y/useKeyWithClickEvents: keys are the list's
            <div
              key={index}
              id={`row-${index}`}
              role="option"
              aria-selected={index === chosen}
              aria-posinset={index + 1}
              aria-setsize={total}
              className="list-row"
              style={{ height: rowHeight, transform: `translateY(${start}px)` }}
              onClick={() => choose(index)}
            >
              {row === undefined ? <span className="dim">…</span> : draw(row, index)}
            </div>
          )
        })}
      </div>
    </div>
  )
}
