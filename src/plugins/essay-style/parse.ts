import type { List, Nodes, Root } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { toString as plain } from 'mdast-util-to-string'
import type { FrozenContract } from './contract.ts'

export interface Part {
  readonly heading: string
  readonly depth: number
  readonly paragraphs: readonly string[]
  readonly bullets: readonly { readonly text: string; readonly bold: string }[] // what a bullet begins with in bold
}

/** An outline as it stands in the Markdown, whether it fits its contract or not. */
export interface Outline {
  readonly opening: readonly string[] // paragraphs before the first heading
  readonly titles: readonly string[]
  readonly parts: readonly Part[] // in order; under each of the other headings
  readonly odd: readonly string[] // formatting that an outline has no use for
}

/** A student may answer with megabytes: no text is read further. */
export const longestRead = 12_000

/** Reads a reply with a Markdown parser. Any text is an outline of some sort. */
export const parseOutline = (reply: string): Outline => {
  const root: Root = fromMarkdown(reply.slice(0, longestRead))
  const opening: string[] = []
  const titles: string[] = []
  const parts: { heading: string; depth: number; paragraphs: string[]; bullets: Part['bullets'][number][] }[] = []
  const odd = new Set<string>()
  for (const node of root.children) {
    if (node.type === 'heading' && node.depth === 1) titles.push(plain(node))
    if (node.type === 'heading') {
      if (node.depth > 1 || titles.length > 1)
        parts.push({ heading: plain(node), depth: node.depth, paragraphs: [], bullets: [] })
      if (node.depth > 2) odd.add(`a heading of level ${node.depth}`)
      continue
    }
    const part = parts.at(-1)
    if (node.type === 'paragraph') (part ? part.paragraphs : opening).push(plain(node))
    else if (node.type === 'list' && part) part.bullets.push(...bulletsOf(node, odd))
    else if (node.type === 'list') odd.add('a list before the first part')
    else odd.add(names[node.type] ?? node.type)
  }
  for (const name of heavy(root, reply)) odd.add(name)
  return { opening, titles, parts, odd: [...odd] }
}

const names: Readonly<Record<string, string>> = {
  code: 'code',
  html: 'HTML',
  blockquote: 'a quotation',
  thematicBreak: 'a line across',
  definition: 'a link definition',
}

const bulletsOf = (list: List, odd: Set<string>): Part['bullets'][number][] => {
  if (list.ordered) odd.add('a numbered list')
  return list.children.map((item) => {
    if (item.children.some(({ type }) => type === 'list')) odd.add('a list in a list')
    const [first] = item.children
    const bold = first?.type === 'paragraph' && first.children[0]?.type === 'strong' ? plain(first.children[0]) : ''
    return { text: plain(item), bold }
  })
}

const mostBold = 6
/** Bold everywhere, tables and emoji: what makes a page look busy. */
const heavy = (root: Root, reply: string): string[] => {
  let bold = 0
  const count = (node: Nodes): void => {
    if (node.type === 'strong') bold += 1
    if ('children' in node) for (const child of node.children) count(child)
  }
  count(root)
  return [
    ...(bold > mostBold ? [`${bold} places in bold`] : []),
    ...(/^\s*\|.*\|\s*$/m.test(reply.slice(0, longestRead)) ? ['a table'] : []),
    ...(/\p{Extended_Pictographic}/u.test(reply.slice(0, longestRead)) ? ['emoji'] : []),
  ]
}

/** The parts of an outline by what the contract calls them. */
export interface Named {
  readonly overview?: Part
  readonly sections: readonly Part[]
  readonly tone?: Part
  readonly themes?: Part
  readonly next?: Part
  readonly order: readonly string[] // overview, section, tone, themes or next, as they stand
}

export const namedParts = ({ parts }: Outline, contract: FrozenContract): Named => {
  const fold = (text: string) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, ' ')
      .trim()
  const roles = new Map(
    (['overview', 'tone', 'themes', 'next'] as const).map((role) => [fold(contract[role].heading), role]),
  )
  const roleOf = (part: Part) => roles.get(fold(part.heading)) ?? 'section'
  const find = (role: string) => parts.find((part) => roleOf(part) === role)
  return {
    sections: parts.filter((part) => roleOf(part) === 'section'),
    order: parts.map(roleOf),
    ...Object.fromEntries([...roles.values()].flatMap((role) => (find(role) ? [[role, find(role)]] : []))),
  }
}
