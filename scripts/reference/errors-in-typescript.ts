import type { Occurrence } from './errors.ts'

export type Found = [code: string, Omit<Occurrence, 'file'>]

/** All codes that one source file names. */
export const codesInTypeScript = (text: string): Found[] => [
  ...thrown(text),
  ...byHelper(text),
  ...translated(text),
  ...inTables(text),
  ...warned(text),
]

/** `new WhetError({ code: '...', message: ... })` */
const thrown = (text: string): Found[] =>
  [...text.matchAll(/new WhetError\(\{/g)].flatMap(({ index }) => {
    const block = balanced(text, index + 'new WhetError('.length)
    const codes = codesIn(block)
    const about = { message: messageIn(block), fixedBy: literalOf(block, 'fixedBy'), exit: exitIn(block) }
    return codes.map((code): Found => [code, about])
  })

/** `refused('bad-name', 'That is no name.', ...)` where the file has a helper of its own that takes a code. */
const byHelper = (text: string): Found[] =>
  text.includes('new WhetError')
    ? [
        ...text.matchAll(
          /(?:const |function |\n {2}(?:static )?)(#?\w+)\s*(?:= )?(?:async )?\((?:[^()]{0,120},\s*)?(?:code|name): (?:string|\w+),/g,
        ),
      ].flatMap(({ 1: helper = '', index }) => {
        const body = text.slice(index, index + 600)
        const about = { fixedBy: literalOf(body, 'fixedBy'), exit: exitIn(body) }
        const call = new RegExp(
          `(?<!\\w)${helper}\\((?:\\s*[\\w.]+,)?\\s*'([a-z][a-z0-9-]+)',(?=([\\s\\S]{0,500}))`,
          'g',
        )
        return [...text.matchAll(call)].map(
          ([, code = '', rest = '']): Found => [
            code,
            { message: literalsIn(rest.split(/\n\s*\)|\)\n/)[0] ?? ''), ...about },
          ],
        )
      })
    : []

/** `const codes: ... = { 'commander.unknownCommand': 'unknown-command' }`: words of a library that become codes. */
const translated = (text: string): Found[] =>
  [...text.matchAll(/const codes: Readonly<Record<string, string>> = \{([\s\S]*?)\n\}/g)].flatMap(([, body = '']) =>
    [...body.matchAll(/: '([a-z][a-z0-9-]+)'/g)].map(
      ([, code = '']): Found => [
        code,
        { message: 'Told with what was typed, and the nearest right word.', fixedBy: 'config', exit: '2' },
      ],
    ),
  )

/** `SQLITE_BUSY: { code: 'store-busy', advice: ... }` in a file that throws; elsewhere `{ code: 'endpoint-out', message: ... }` is a warning. */
const inTables = (text: string): Found[] => {
  const throws = text.includes('new WhetError')
  const table = /\{\s*code: '([a-z]+(?:-[a-z]+)+)',\s*(?:advice|message):\s*(`(?:[^`\\]|\\.)*`|'(?:[^'\\]|\\.)*')/g
  return [...text.matchAll(table)]
    .filter(({ index }) => !/new WhetError\($/.test(text.slice(0, index)))
    .map(([, code = '', message = '']): Found => [code, { message: worded(message), ...(!throws && { warns: true }) }])
}

/** `{ type: 'warning', data: { code: '...', message: ... } }` or `onWarning?.('...', ...)`: a run tells it and goes on. */
const warned = (text: string): Found[] =>
  [
    ...text.matchAll(/type: 'warning',[\s\S]{0,80}?code: '([a-z][a-z0-9-]+)',\s*message:([\s\S]{0,400}?)\}[,)]?\s*\}/g),
    ...text.matchAll(/onWarning\?\.\(\s*'([a-z][a-z0-9-]+)',([\s\S]{0,400}?)\n\s*\)/g),
  ].map(([, code = '', message = '']): Found => [code, { message: literalsIn(message), warns: true }])

export const problemCodes = (text: string): string[] =>
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
