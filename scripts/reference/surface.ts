import { readFileSync } from 'node:fs'
import path from 'node:path'

const source = path.join(import.meta.dirname, '..', '..', 'src')
const read = (file: string) => readFileSync(path.join(source, file), 'utf8')

/** What `whetstone/skill` offers, by its own groups, each name with the first sentence of its documentation. */
export const surfacePage = (): string => {
  const [, ...groups] = read('skill.ts').split(/\n\/\/ /)
  const sections = groups.map((group) => {
    const [title = '', ...lines] = group.split('\n')
    return [`## ${title[0]?.toUpperCase()}${title.slice(1)}`, '', ...entriesOf(lines.join('\n')), ''].join('\n')
  })
  return [
    '# whetstone/skill',
    '',
    'Made from the sources by `npm run docs:reference`. A skill imports nothing else of whetstone; the built-in ones do not either.',
    '',
    ...sections,
  ].join('\n')
}

const entriesOf = (group: string): string[] =>
  [...group.matchAll(/export (?:type )?(\*|\{[^}]*\}) from '\.\/([^']+)'/g)].flatMap(([, names = '', file = '']) => {
    const text = read(file)
    const list =
      names === '*'
        ? [...text.matchAll(/^export (?:interface|type|const) (\w+)/gm)].map(([, name = '']) => name)
        : namesIn(names)
    return list.map((name) => `- \`${name}\`${meaningOf(name, text)}`)
  })

const namesIn = (braces: string): string[] =>
  braces
    .slice(1, -1)
    .split(',')
    .map((name) => name.replace(/\btype\b/, '').trim())
    .filter(Boolean)

const meaningOf = (name: string, text: string): string => {
  const before = new RegExp(
    `/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\nexport (?:async )?(?:interface|type|const|class|function\\*?|abstract class) ${name}\\b`,
  ).exec(text)
  const words =
    before?.[1]
      ?.replace(/^\s*\* ?/gm, '')
      .trim()
      .split(/\n\s*@|\n\n/)[0]
      ?.replace(/\s+/g, ' ') ?? ''
  return words === '' ? '' : `: ${words.replace(/</g, '&lt;').replace(/\{\{/g, '&#123;&#123;')}`
}
