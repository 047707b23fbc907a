import type { Colors } from 'picocolors/types.js'
import { bar, count } from '../commands/format.ts'
import { oneLine } from '../commands/one-line.ts'
import type { RunEvent } from '../core/events.ts'
import { advance, liveLine, noProgress, type Progress } from './progress.ts'

/** Where lines for a person go; stderr in the product. */
export interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/** Progress on a screen: lines that stay, and on a terminal one line below them that is redrawn. */
export class Live {
  #progress: Progress = noProgress
  #drawn = false
  #other = '' // progress of a command that has no events
  #otherSaid = 0 // ms since the epoch
  readonly #redraws: boolean
  #timer: NodeJS.Timeout | undefined

  constructor(
    private readonly screen: Screen,
    private readonly colors: Colors,
    redraw = true, // false: lines only, on a terminal too
  ) {
    this.#redraws = redraw && !!screen.isTTY
  }

  event(event: RunEvent): void {
    const { progress, lines } = advance(this.#progress, event, { colors: this.colors, live: this.#redraws })
    this.#progress = progress
    if (lines.length > 0) this.line(lines.join('\n'))
    this.#start()
  }

  progress(done: number, total: number, what: string): void {
    const share = total > 0 ? `${this.#redraws ? `${bar(done / total, 24)} ` : ''}${count(done)}/${count(total)} ` : ''
    this.#other = `${share}${oneLine(what, 100)}`
    if (this.#redraws) {
      this.#start()
      return
    }
    const now = Date.now()
    if (done < total && now - this.#otherSaid < plainEveryMs) return
    this.#otherSaid = now
    this.line(this.colors.dim(this.#other))
  }

  /** A line that stays. */
  line(text: string): void {
    this.#erase()
    this.screen.write(`${text}\n`)
  }

  /** Takes the redrawn line away; what stays, stays. */
  end(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#other = ''
    this.#erase()
  }

  #start(): void {
    if (!this.#redraws || this.#timer) return
    this.#timer = setInterval(() => this.#draw(), 200)
    this.#timer.unref()
  }

  #draw(): void {
    const text = liveLine(this.#progress, Date.now(), this.colors) || this.#other
    if (!text) return
    this.#erase()
    this.screen.write(cut(text, (this.screen.columns ?? 80) - 1))
    this.#drawn = true
  }

  #erase(): void {
    if (this.#drawn) this.screen.write('\r\u001b[2K')
    this.#drawn = false
  }
}

const plainEveryMs = 5_000

/** At most `most` visible characters; colour codes count nothing and are closed. */
export const cut = (text: string, most: number): string => {
  let visible = 0
  let out = ''
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes are matched to be left out of the count
  for (const part of text.split(/(\u001b\[[0-9;]*m)/)) {
    if (part.startsWith('\u001b')) out += part
    else {
      const room = Math.max(0, most - visible)
      out += [...part].slice(0, room).join('')
      visible += [...part].length
    }
  }
  return out
}
