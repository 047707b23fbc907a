import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export const root = path.join(import.meta.dirname, '..', '..')
export const docs = path.join(root, 'docs')

export interface Page {
  readonly file: string // from the root of the repository
  readonly text: string
}

const pagesIn = (folder: string, without: RegExp): Page[] =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !without.test(file))
    .map((file) => path.join(folder, file))
    .sort()
    .map((file) => ({ file, text: readFileSync(path.join(root, file), 'utf8') }))

/** What a reader is shown: README, the pages of docs/ that somebody wrote and keeps true, the pages of a new skill's package. */
export const pages: readonly Page[] = [
  { file: 'README.md', text: readFileSync(path.join(root, 'README.md'), 'utf8') },
  ...pagesIn('docs', /^(reference|results|decisions|node_modules|\.vitepress)/),
  ...pagesIn('templates', /node_modules/),
]

/** Fenced blocks of a page, each with its language. */
export const blocks = (text: string): { language: string; body: string }[] =>
  [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)].map(([, language = '', body = '']) => ({ language, body }))

/** Lines of blocks without a language that begin with a program, without their remarks; `a | b` is two of them. */
export const commandLines: readonly { file: string; line: string }[] = pages.flatMap(({ file, text }) =>
  blocks(text)
    .filter(({ language }) => language === '')
    .flatMap(({ body }) => body.split('\n'))
    .filter((line) => /^(npx |whet |npm |claude |cd |node )/.test(line))
    .flatMap((line) => (line.split(/\s+#\s/)[0] ?? '').split(' && '))
    .flatMap(alternatives)
    .map((line) => ({ file, line })),
)

/** `whet pause | resume` is `whet pause` and `whet resume`. */
function alternatives(line: string): string[] {
  const [first = '', ...others] = line.trim().split(' | ')
  const program = /^((npx )?whet) /.exec(first)?.[1]
  return [first, ...others.map((other) => `${program} ${other}`)]
}
