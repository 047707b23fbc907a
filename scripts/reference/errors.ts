import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** One way in which an error of a code comes about. */
export interface Occurrence {
  readonly file: string // below src/
  readonly message: string // as the source words it; … stands for what is filled in
  readonly fixedBy?: string
  readonly exit?: string
}

const source = path.join(import.meta.dirname, '..', '..', 'src')

/** Every error code of the product with where it comes from: read from the sources, so that none can be forgotten. */
export const errorCodes = (): Map<string, Occurrence[]> => {
  const codes = new Map<string, Occurrence[]>()
  const add = (code: string, occurrence: Occurrence) => codes.set(code, [...(codes.get(code) ?? []), occurrence])
  for (const file of readdirSync(source, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!file.endsWith('.ts') || /\.test\.ts$|test-support|fixture/.test(file)) continue
    const text = readFileSync(path.join(source, file), 'utf8')
    for (const [code, occurrence] of [...thrown(text), ...byHelper(text), ...inTables(text)])
      add(code, { file, ...occurrence })
    if (file === path.join('core', 'yaml-problems.ts'))
      for (const code of problemCodes(text))
        add(code, { file, message: 'Told with file, line and column.', fixedBy: 'config', exit: '2' })
  }
  return new Map([...codes].sort(([a], [b]) => (a < b ? -1 : 1)))
}

type Found = [code: string, Omit<Occurrence, 'file'>]

/** `new WhetError({ code: '...', message: ... })` */
const thrown = (text: string): Found[] =>
  [...text.matchAll(/new WhetError\(\{/g)].flatMap(({ index }) => {
    const block = balanced(text, index + 'new WhetError('.length)
    const codes = codesIn(block)
    const about = { message: messageIn(block), fixedBy: literalOf(block, 'fixedBy'), exit: exitIn(block) }
    return codes.map((code): Found => [code, about])
  })

/** `refused('bad-name', 'That is no name.', ...)` where the file has a helper that takes a code first. */
const byHelper = (text: string): Found[] =>
  [...text.matchAll(/(?:const|function) (\w+)\s*(?:=\s*)?\(\s*(?:code|name): (?:string|\w+),/g)].flatMap(
    ({ 1: helper = '', index }) => {
      const body = text.slice(index, index + 600)
      if (!body.includes('new WhetError')) return []
      const about = { fixedBy: literalOf(body, 'fixedBy'), exit: exitIn(body) }
      return [...text.matchAll(new RegExp(`\\b${helper}\\(\\s*'([a-z][a-z0-9-]+)',(?=([\\s\\S]{0,500}))`, 'g'))].map(
        ([, code = '', rest = '']): Found => [
          code,
          { message: literalsIn(rest.split(/\n\s*\)|\)\n/)[0] ?? ''), ...about },
        ],
      )
    },
  )

/** `SQLITE_BUSY: { code: 'store-busy', advice: ... }` in a file that throws. */
const inTables = (text: string): Found[] =>
  text.includes('new WhetError') || text.includes(': Failure')
    ? [
        ...text.matchAll(
          /\{\s*code: '([a-z]+(?:-[a-z]+)+)',\s*(?:advice|message): (`(?:[^`\\]|\\.)*`|'(?:[^'\\]|\\.)*')/g,
        ),
      ]
        .filter(({ index }) => !/new WhetError\($/.test(text.slice(0, index)))
        .map(([, code = '', message = '']): Found => [code, { message: worded(message) }])
    : []

const problemCodes = (text: string): string[] =>
  [...(/type ProblemCode =([\s\S]*?)\n\n/.exec(text)?.[1] ?? '').matchAll(/'([a-z-]+)'/g)].map(([, code = '']) => code)

const balanced = (text: string, from: number): string => {
  let depth = 0
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '{') depth += 1
    if (text[at] === '}') depth -= 1
    if (depth === 0) return text.slice(from, at + 1)
  }
  return text.slice(from)
}

const codesIn = (block: string): string[] => {
  const value = /\bcode: (.+?),\s*(?:message|fixedBy|exit|data|cause)\b/s.exec(block)?.[1] ?? ''
  return [...value.matchAll(/'([a-z][a-z0-9-]+)'/g)].map(([, code = '']) => code)
}

const messageIn = (block: string): string =>
  literalsIn(/\bmessage:?\s*([\s\S]*?),\n?\s*(?:fixedBy|exit|data|cause)\b/.exec(block)?.[1] ?? '')

/** What the text literals of a piece of source say; single words are no sentences but names. */
const literalsIn = (source: string): string =>
  [...source.matchAll(/`((?:[^`\\]|\\.)*)`|'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"/g)]
    .map(([whole]) => worded(whole))
    .filter((text) => text.includes(' '))
    .join(' … ')

/** A literal as it reads: placeholders become an ellipsis. */
const worded = (literal: string): string =>
  literal
    .slice(1, -1)
    .replace(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, '…')
    .replace(/\\([`'"\\])/g, '$1')
    .replace(/\\n/g, ' ')
    .trim()

const literalOf = (block: string, key: string) => new RegExp(`${key}: '(\\w+)'`).exec(block)?.[1]
const exits: Readonly<Record<string, string>> = {
  failed: '1',
  usage: '2',
  missing: '3',
  refused: '4',
  interrupted: '130',
}
const exitIn = (block: string) => {
  const [, plain, named] = /exit: (?:(\d+)|exitCodes\.(\w+))/.exec(block) ?? []
  return plain ?? (named && exits[named])
}
