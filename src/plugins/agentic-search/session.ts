import { parseCall } from './calls.ts'
import type { Searcher } from './corpus/searcher.ts'
import { mostWords } from './corpus/words.ts'

export interface SessionLimits {
  readonly results: number // documents of a search that names no limit
  readonly snippetChars: number // of each result; 0: titles alone
  readonly readChars: number // of one reading
  readonly totalChars: number // that all results may have together
}

export interface ToolAnswer {
  readonly content: string
  readonly isError: boolean
  readonly ends?: boolean
}

/** One search from question to answer: every call is really executed. What documents say is data and cannot end a turn. */
export class SearchSession {
  private used = 0

  constructor(
    private readonly searcher: Searcher,
    private readonly limits: SessionLimits,
    private readonly hidden: ReadonlySet<string> = new Set(),
  ) {}

  async call(name: unknown, given: unknown, signal: AbortSignal): Promise<ToolAnswer> {
    const call = parseCall(name, given)
    if (typeof call === 'string') return failed(call)
    if (call.name === 'answer') return { content: 'Answer taken.', isError: false, ends: true }
    if (call.name === 'not_found') return { content: 'Taken: not found.', isError: false, ends: true }
    if (call.name === 'read') return this.read(call.document, call.from)
    const { query, limit = this.limits.results } = call
    return this.left > 0 ? this.counted(await this.search(query, limit, signal)) : failed(full)
  }

  read(document: string, from = 0): ToolAnswer {
    return this.left > 0 ? this.counted(this.extract(document, from)) : failed(full)
  }

  private get left(): number {
    return this.limits.totalChars - this.used
  }

  private counted(answer: ToolAnswer): ToolAnswer {
    this.used += answer.content.length
    return answer
  }

  private async search(query: string, limit: number, signal: AbortSignal): Promise<ToolAnswer> {
    const { hits, words } = await this.searcher.search(query, {
      limit,
      snippetChars: this.limits.snippetChars,
      hidden: this.hidden,
      signal,
    })
    if (words.words.length === 0) return failed('The query has no words to look for.')
    const lines = hits.map(({ document, title, snippet }) => {
      const says = this.limits.snippetChars > 0 ? `: ${oneLine(snippet)}` : ''
      return `[${document}] ${oneLine(title)}${says}`
    })
    if (lines.length === 0) lines.push('Nothing found.')
    if (words.cut) lines.push(`(Only the first ${mostWords} words of the query were used.)`)
    return done(lines.join('\n'))
  }

  private extract(document: string, from: number): ToolAnswer {
    const extract = this.hidden.has(document)
      ? undefined
      : this.searcher.index.read(document, from, Math.min(this.limits.readChars, this.left))
    if (!extract)
      return failed(`There is no document ${JSON.stringify(document.slice(0, 80))}. Read one that a search found.`)
    if (extract.text.trim() === '') return done(`(The document ends at ${extract.chars}.)`)
    const more = extract.end < extract.chars ? `\n(goes on at ${extract.end})` : ''
    return done(`${extract.text.trim()}${more}`)
  }
}

const full = 'You have read as much as this search may. Answer now, or say not_found.'
const done = (content: string): ToolAnswer => ({ content: harmless(content), isError: false })
const failed = (content: string): ToolAnswer => ({ content: harmless(content), isError: true })
const oneLine = (text: string) => text.replace(/\s+/g, ' ').trim()

/** A document may hold the marks that end a turn or a result in a chat template: they are broken, the text stays readable. */
const harmless = (text: string): string => text.replace(/<(?=\||\/?tool_)/g, '< ')
