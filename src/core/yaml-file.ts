import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml'
import { findKey } from './secrets.ts'
import type { Problem } from './yaml-problems.ts'

type Path = readonly PropertyKey[]

/** A block of text begins at most so many characters after its marker. */
const longestIndent = 80

/** A YAML text that knows where each of its values stands. Problems with the text itself are in `problems`. */
export class YamlFile {
  readonly problems: readonly Problem[]
  readonly #lines = new LineCounter()
  readonly #document
  #content: unknown

  constructor(readonly text: string) {
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false })
    const found = [...this.#document.errors, ...this.#document.warnings].map((error) => this.#problem(error))
    this.problems = [...found, ...this.#evaluate(), ...keysIn(text)]
  }

  /** True where the text could be read: what `value` gives is then the whole of it. */
  get readable() {
    return !this.problems.some(({ code }) => code === 'broken-yaml')
  }

  /** The plain value at a path; undefined where there is none. */
  value(path: Path = []): unknown {
    return path.reduce<unknown>(
      (value, part) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, part)
          ? Reflect.get(value, part)
          : undefined,
      this.#content,
    )
  }

  /** Where a key stands, or its value where that begins on the same line; the nearest section above for a path that is not there. */
  place(path: Path, part: 'key' | 'value'): { line: number; column: number } {
    const { key, value } = this.#starts(path)
    return this.#at(part === 'value' && value !== undefined && this.#line(value) === this.#line(key) ? value : key)
  }

  /** Where a character of a text value stands, counted from 0; the value's place where the file writes it otherwise than it reads. */
  inside(path: Path, text: string, at: number): { line: number; column: number } {
    const { value } = this.#starts(path)
    const found = value === undefined ? -1 : this.text.slice(value, value + text.length + longestIndent).indexOf(text)
    return value === undefined || found < 0 ? this.place(path, 'value') : this.#at(value + found + at)
  }

  #starts(path: Path): { key: number; value: number | undefined } {
    let node: unknown = this.#document.contents
    let key = startOf(node) ?? 0
    for (const step of path) {
      const next = this.#step(node, step)
      if (next === undefined) return { key, value: undefined }
      node = next.value
      key = next.start
    }
    return { key, value: startOf(node) }
  }

  #step(node: unknown, step: PropertyKey): { start: number; value: unknown } | undefined {
    const target = isAlias(node) ? node.resolve(this.#document) : node
    if (isSeq(target)) {
      const value = target.items[Number(step)]
      return value === undefined ? undefined : { start: startOf(value) ?? 0, value }
    }
    if (!isMap(target)) return undefined
    // the last one wins where a key stands twice, as in the value
    const pair = target.items.findLast((item: Pair) => isScalar(item.key) && String(item.key.value) === String(step))
    return pair && { start: startOf(pair.key) ?? 0, value: pair.value }
  }

  #evaluate(): Problem[] {
    if (this.#document.errors.some(({ code }) => code !== 'DUPLICATE_KEY')) return []
    const dangling = this.#danglingAliases()
    if (dangling.length > 0) return dangling
    try {
      this.#content = this.#document.toJS({ maxAliasCount: 100 })
      return []
    } catch (error) {
      // aliases that would unfold without end
      return [{ code: 'broken-yaml', path: '', line: 1, column: 1, message: (error as Error).message }]
    }
  }

  #danglingAliases(): Problem[] {
    const found: Problem[] = []
    visit(this.#document, {
      Alias: (_, alias) => {
        if (alias.resolve(this.#document) !== undefined) return
        const message = `*${alias.source} refers to nothing; put text that begins with a * into quotes`
        found.push({ code: 'broken-yaml', path: '', ...this.#at(startOf(alias) ?? 0), message })
      },
    })
    return found
  }

  #problem({ code, message, pos }: YAMLError): Problem {
    // what is missing at the end is missing after the last text, not on the empty line below it
    const place = this.#at(Math.min(pos[0], this.text.trimEnd().length))
    if (code === 'MULTIPLE_DOCS')
      return { code: 'broken-yaml', path: '', ...place, message: 'a second document begins here; keep one' }
    if (code !== 'DUPLICATE_KEY') return { code: 'broken-yaml', path: '', ...place, message }
    const key = /^["']?([^"':\s]*)/.exec(this.text.slice(pos[0]))?.[1] ?? ''
    return { code: 'duplicate-key', path: key, ...place, message: 'this key stands twice in its section; keep one' }
  }

  #line(offset: number) {
    return this.#lines.linePos(offset).line
  }

  #at(offset: number) {
    const { line, col } = this.#lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
}

const startOf = (node: unknown): number | undefined => (node as Node | null | undefined)?.range?.[0]

/** Keys anywhere in the text, comments too: a run keeps a copy of its config. */
const keysIn = (text: string): Problem[] =>
  text.split('\n').flatMap((line, index) => {
    const found = findKey(line)
    if (found < 0) return []
    const message =
      'holds a key. Put the key into an environment variable, name that variable under apiKeyEnv, and take the key out of the file'
    return [{ code: 'key-in-config' as const, path: '', line: index + 1, column: found + 1, message }]
  })
