import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { align, sentenceOf, statementOf } from '../src/plugins/essay-style/align.ts'
import type { Idea, Item } from '../src/plugins/essay-style/item.ts'
import { alikeIn, closeReaders } from '../src/plugins/essay-style/meaning.ts'
import type { Figure } from './index.ts'

interface Row {
  readonly subject: string
  readonly claim: string
  readonly again: string
  readonly other: string
}

/** Ideas of one outline. */
const together = 4

/** How well the packaged embedding model finds ideas in other words: not a speed but an accuracy, on ideas reworded by hand. */
export const ideas = async (): Promise<Figure[]> => {
  const file = new URL('../tests/data/reworded-ideas.yaml', import.meta.url)
  const rows: Row[] = parse(readFileSync(file, 'utf8'))
  const all = rows.map(({ subject, claim }): Idea => ({ subject, claims: [claim], relation: 'and', weight: 1 }))
  const section = ({ subject }: Row, body: string) => `The ${subject}\n${body}`
  const texts = [...all.map(sentenceOf), ...rows.flatMap((row) => [section(row, row.again), section(row, row.other)])]
  const alike = await alikeIn(texts, { embeddings: true }, new AbortController().signal)
  await closeReaders()
  if (!alike) throw new Error('no embedding model')
  const item = { withdrawn: [] as Item['withdrawn'] } as Item
  const found = { words: 0, meaning: 0, other: 0 }
  for (const [at, row] of rows.entries()) {
    const own = Array.from({ length: together }, (_, n) => all[(at + n) % all.length] as Idea)
    const says = (body: string, meaning: boolean) =>
      align([statementOf(section(row, body))], own, meaning ? { alike, item } : undefined).ideas[0] === 0
    if (says(row.again, false)) found.words += 1
    if (says(row.again, true)) found.meaning += 1
    if (says(row.other, true)) found.other += 1
  }
  const share = (name: string, count: number, note: string): Figure => ({
    ...{ name, value: (100 * count) / rows.length, unit: '%', note: `${count} of ${rows.length}; ${note}` },
  })
  return [
    share('reworded ideas found by words', found.words, 'of one subject each, among four ideas'),
    share('  by meaning too', found.meaning, 'all-MiniLM-L6-v2'),
    share('  what was not said, taken for it', found.other, 'of the same subject'),
  ]
}
