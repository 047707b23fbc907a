import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { defaultSettings, openFolder } from './corpus.ts'
import { type Measures, measuresOf } from './measures.ts'
import type { Searcher } from './searcher.ts'
import { evaluateRetrieval, readQrels, readTopics } from './trec.ts'
import { folded, wordsOf } from './words.ts'

describe('measures as trec_eval defines them', () => {
  test('the reference values of a graded example', () => {
    const judgements = new Map([
      ['d1', 3],
      ['d2', 2],
      ['d4', 1],
      ['d5', 2],
    ])
    const { MAP, ...rest } = measuresOf(['d3', 'd1', 'd4', 'd9', 'd2'], judgements)
    expect(MAP).toBeCloseTo(0.441667, 6)
    expect(rest['nDCG@10']).toBeCloseTo(0.556254, 6)
    expect(rest['P@10']).toBeCloseTo(0.3, 12)
    expect(rest['recall@100']).toBeCloseTo(0.75, 12)
  })

  test('judged but irrelevant documents count as irrelevant; without relevant ones all is 0', () => {
    expect(measuresOf(['a', 'b'], new Map([['a', 0], ['b', -1]]))).toEqual({ MAP: 0, 'nDCG@10': 0, 'P@10': 0, 'recall@100': 0 }) // biome-ignore format: one case
  })

  test('an ideal ranking has MAP, nDCG and recall 1; no ranking leaves 0 to 1', () => {
    const judged = fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-z]{2}$/), fc.integer({ min: 0, max: 3 })), { selector: ([id]) => id, minLength: 1, maxLength: 30 }) // biome-ignore format: one case
    fc.assert(
      fc.property(judged, (pairs) => {
        const judgements = new Map(pairs)
        const ideal = [...pairs].sort((a, b) => b[1] - a[1]).map(([id]) => id)
        const best = measuresOf(ideal, judgements)
        if (pairs.some(([, grade]) => grade > 0))
          expect([best.MAP, best['nDCG@10'], best['recall@100']].map((value) => Number(value.toFixed(12)))).toEqual([
            1, 1, 1,
          ])
        const worst = measuresOf([...ideal].reverse(), judgements)
        for (const name of Object.keys(best) as (keyof Measures)[]) {
          expect(worst[name]).toBeLessThanOrEqual(best[name] + 1e-12)
          expect(worst[name]).toBeGreaterThanOrEqual(0)
        }
      }),
    )
  })
})

describe('BM25 on 3,000 documents with judgements', () => {
  let dir: string
  let searcher: Searcher
  let documents: { id: string; text: string }[]

  beforeAll(async () => {
    dir = mkdtempSync(path.join(tmpdir(), 'whet-trec-'))
    process.env.WHETSTONE_HOME = path.join(dir, 'home')
    mkdirSync(path.join(dir, 'docs'))
    documents = pieces(3000)
    const titles = [...peps()]
      .filter((_, at) => at % 3 === 0)
      .map(([id, text]) => [id, /^Title: *(.*)$/m.exec(text)![1]!] as const)
    // half of them as files, whose titles are found in their text, half as lines of one file
    for (const { id, text } of documents.slice(0, 1500)) writeFileSync(path.join(dir, 'docs', `${id}.txt`), text)
    const lines = documents.slice(1500).map(
      (row) => `${JSON.stringify(row)}
`,
    )
    writeFileSync(path.join(dir, 'docs', 'all.jsonl'), lines.join(''))
    writeFileSync(path.join(dir, 'topics.tsv'), titles.map(([id, title]) => `${id}\t${title}\n`).join(''))
    writeFileSync(
      path.join(dir, 'qrels.txt'),
      documents.map(({ id }) => `${id.split('.')[0]} 0 ${id} ${id.endsWith('.0') ? 2 : 1}\n`).join(''),
    )
    const options = { signal: new AbortController().signal, progress: () => {} }
    const settings = { ...defaultSettings, passageChars: 20_000 }
    searcher = (await openFolder(path.join(dir, 'docs'), settings, options)).searcher
  })
  afterAll(() => {
    searcher.index.close()
    delete process.env.WHETSTONE_HOME
    rmSync(dir, { recursive: true, force: true })
  })

  test('is within 2 % of a reference BM25 with the same tokenisation on every measure', async () => {
    const topics = await readTopics(path.join(dir, 'topics.tsv'))
    const qrels = await readQrels(path.join(dir, 'qrels.txt'))
    const ours = await evaluateRetrieval(searcher, topics, qrels, { signal: new AbortController().signal })
    expect(ours).toMatchObject({ unjudged: 120 - ours.topics, missing: [] })
    expect(ours.MAP).toBeGreaterThan(0.1)
    const reference = referenceBm25(documents)
    const judged = topics.filter(({ id }) => qrels.has(id))
    const measured = judged.map(({ id, query }) => measuresOf(reference(query), qrels.get(id)!))
    for (const name of ['MAP', 'nDCG@10', 'P@10', 'recall@100'] as const) {
      const theirs = measured.reduce((sum, each) => sum + each[name], 0) / measured.length
      expect(Math.abs(ours[name] / theirs - 1), `${name}: ${ours[name]} against ${theirs}`).toBeLessThan(0.02)
    }
  })

  test('broken topics and judgements are told with their line', async () => {
    writeFileSync(path.join(dir, 'bad.tsv'), '1\tfine\nno tab here\n')
    writeFileSync(path.join(dir, 'bad.txt'), '1 0 a 1\n1 0 b\n')
    await expect(readTopics(path.join(dir, 'bad.tsv'))).rejects.toMatchObject({ code: 'bad-topics', data: { line: 2 } })
    await expect(readQrels(path.join(dir, 'bad.txt'))).rejects.toMatchObject({ code: 'bad-qrels', data: { line: 2 } })
    await expect(readQrels(path.join(dir, 'none.txt'))).rejects.toMatchObject({ code: 'bad-qrels', exit: 2 })
  })
})

const folder = path.join(import.meta.dirname, '..', '..', '..', '..', 'examples', 'peps', 'docs')
const peps = () =>
  readdirSync(folder)
    .sort()
    .map((name) => [name.slice(0, -4), readFileSync(path.join(folder, name), 'utf8')] as const)

/** The PEPs cut into so many documents between paragraphs. */
const pieces = (count: number): { id: string; text: string }[] => {
  const all = peps().flatMap(([id, text]) => {
    const parts: string[] = ['']
    for (const paragraph of text.split(/\n{2,}/)) {
      if (parts.at(-1)!.length > 1000) parts.push('')
      parts.push(`${parts.pop()}${paragraph}\n\n`)
    }
    return parts.filter((part) => part.trim() !== '').map((part, at) => ({ id: `${id}.${at}`, text: part }))
  })
  expect(all.length).toBeGreaterThan(count)
  return all.slice(0, count)
}

/** BM25 written down from its formula: k1 1.2, b 0.75, idf ln(1 + (N − df + 0.5) / (df + 0.5)). */
const referenceBm25 = (all: readonly { id: string; text: string }[]) => {
  const postings = new Map<string, Map<number, number>>()
  const lengths = all.map(({ text }, number) => {
    const words = wordsOf(text).map(folded)
    for (const word of words) {
      const found = postings.get(word) ?? new Map<number, number>()
      postings.set(word, found.set(number, (found.get(number) ?? 0) + 1))
    }
    return words.length
  })
  const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length
  return (query: string): string[] => {
    const scores = new Map<number, number>()
    for (const word of new Set(wordsOf(query).map(folded))) {
      const found = postings.get(word) ?? new Map<number, number>()
      const idf = Math.log(1 + (all.length - found.size + 0.5) / (found.size + 0.5))
      for (const [number, tf] of found)
        scores.set(
          number,
          (scores.get(number) ?? 0) + (idf * tf * 2.2) / (tf + 1.2 * (0.25 + (0.75 * lengths[number]!) / mean)),
        )
    }
    return [...scores]
      .sort((a, b) => b[1] - a[1] || (all[a[0]]!.id < all[b[0]]!.id ? 1 : -1))
      .slice(0, 1000)
      .map(([number]) => all[number]!.id)
  }
}
