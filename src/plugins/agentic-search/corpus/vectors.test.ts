import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { scriptedEmbedder } from '../../../../tests/support/embedder.ts'
import type { Embedder } from '../../../core/embed/embedder.ts'
import { defaultSettings, freezeCorpus, openFolder, openFrozenCorpus } from './corpus.ts'
import { merged } from './merge.ts'
import type { SearchIndex } from './search-index.ts'
import type { Searcher } from './searcher.ts'

let dir: string
const opened: SearchIndex[] = []
const { signal } = new AbortController()

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'whet-vectors-'))
  process.env.WHETSTONE_HOME = path.join(dir, '.home')
  mkdirSync(path.join(dir, 'docs'))
  lay({
    'otters.md': '# Otters\n\nOtters sleep in the reeds.\n',
    'herons.md': '# Herons\n\nHerons stand in the reeds.\n',
    'ships.txt': 'Ships\n\nNothing sleeps here.\n',
  })
})
afterEach(() => {
  for (const index of opened.splice(0)) index.close()
  delete process.env.WHETSTONE_HOME
  rmSync(dir, { recursive: true, force: true })
})

const lay = (files: Record<string, string>) => {
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(dir, 'docs', name), text)
}
const open = async (embedder?: Embedder) => {
  const corpus = await openFolder(path.join(dir, 'docs'), defaultSettings, { signal, progress: () => {}, embedder })
  opened.push(corpus.index)
  return corpus
}
const found = async (searcher: Searcher, query: string, hidden: ReadonlySet<string> = new Set()) =>
  (await searcher.search(query, { limit: 2, signal, hidden })).hits.map(({ document }) => document)

describe('a search by meaning', () => {
  test('finds what has no word of the query, where a search by words finds nothing', async () => {
    expect(await found((await open()).searcher, 'mustelid slumber')).toEqual([])
    const { searcher } = await open(scriptedEmbedder())
    expect((await found(searcher, 'mustelid slumber'))[0]).toBe('otters')
    expect(searcher.byMeaning).toBe(true)
  })

  test('shows the passage and place of what it found, and never a hidden document', async () => {
    const { searcher } = await open(scriptedEmbedder())
    const [hit] = (await searcher.search('wader', { limit: 1, signal })).hits
    expect(hit).toMatchObject({ document: 'herons', title: 'Herons', file: 'herons.md', passage: 'herons#0' })
    expect(hit!.snippet).toContain('Herons stand')
    expect(await found(searcher, 'wader', new Set(['herons']))).not.toContain('herons')
  })

  test('reads a long passage in pieces: its end counts as much as its beginning', async () => {
    lay({ 'long.md': `# Long\n\n${'Nothing of note here. '.repeat(75)}\n\nThe clocks stand still.\n` })
    const { searcher } = await open(scriptedEmbedder())
    expect((await found(searcher, 'timepieces'))[0]).toBe('long')
  })

  test('remembers the vector of a query', async () => {
    const embedder = scriptedEmbedder()
    const { searcher } = await open(embedder)
    const before = embedder.asked.length
    await found(searcher, 'bird')
    await found(searcher, 'bird')
    expect(embedder.asked.length - before).toBe(1)
  })
})

describe('vectors', () => {
  const texts = (embedder: ReturnType<typeof scriptedEmbedder>) => embedder.asked.flat()

  test('are made once: an unchanged folder is not read again, a changed document alone is', async () => {
    const first = scriptedEmbedder()
    expect((await open(first)).embedded).toBe(3)
    const again = scriptedEmbedder()
    expect((await open(again)).embedded).toBe(0)
    lay({ 'ships.txt': 'Ships\n\nEvery vessel leaves at dawn.\n', 'new.md': '# New\n\nA boat.\n' })
    rmSync(path.join(dir, 'docs', 'herons.md'))
    const { searcher } = await open(again)
    expect(texts(again).map((text) => text.split('\n')[0])).toEqual(['New', 'Ships'])
    expect(await found(searcher, 'bird')).not.toContain('herons')
    expect((await found(searcher, 'vessel'))[0]).toBe('ships')
  })

  test('survive a search by words in between that brings the index up to date', async () => {
    await open(scriptedEmbedder())
    lay({ 'otters.md': '# Otters\n\nOtters leave on a boat.\n' })
    await open()
    const embedder = scriptedEmbedder()
    const { searcher } = await open(embedder)
    expect(texts(embedder)).toHaveLength(1)
    expect((await found(searcher, 'mustelid vessel'))[0]).toBe('otters')
  })

  test('of another model replace those that are there', async () => {
    await open(scriptedEmbedder())
    const other = scriptedEmbedder({ model: 'other' })
    expect((await open(other)).embedded).toBe(3)
    expect((await open(scriptedEmbedder())).embedded).toBe(3)
  })

  test('that were made before an update was stopped are kept', async () => {
    lay({ 'many.jsonl': Array.from({ length: 300 }, (_, n) => `{"id": "n${n}", "text": "Number ${n}."}\n`).join('') })
    const broken = scriptedEmbedder({
      fail: (batch) => {
        if (batch === 2) throw new Error('the power went')
      },
    })
    await expect(open(broken)).rejects.toThrow('the power went')
    const rest = scriptedEmbedder()
    expect((await open(rest)).embedded).toBe(303 - texts(broken).length)
    expect(texts(broken)).toHaveLength(128)
  })

  test('go into the frozen copy, which answers without the folder', async () => {
    const { index } = await open(scriptedEmbedder())
    const hash = await freezeCorpus(index, defaultSettings, 'scripted')
    rmSync(path.join(dir, 'docs'), { recursive: true })
    const searcher = openFrozenCorpus(hash, defaultSettings, scriptedEmbedder())!
    opened.push(searcher.index)
    expect((await found(searcher, 'mustelid'))[0]).toBe('otters')
    expect(openFrozenCorpus(hash, defaultSettings)).toBeUndefined()
  })

  test('of another length than the query has are told, not compared', async () => {
    await open(scriptedEmbedder())
    const changed = {
      ...scriptedEmbedder(),
      embed: async (all: readonly string[]) => all.map(() => Float32Array.of(1)),
    }
    const { searcher } = await open(changed)
    await expect(found(searcher, 'bird')).rejects.toMatchObject({ code: 'embedder-changed' })
  })
})

describe('reciprocal rank fusion', () => {
  const ranking = (...ids: string[]) => ids.map((id, at) => ({ id, rowid: at, score: 9 - at }))

  test('the reference values of two rankings', () => {
    expect(merged([ranking('a', 'b', 'c'), ranking('c', 'a', 'd')], 4)).toEqual([
      { id: 'a', rowid: 0, score: 1 / 61 + 1 / 62 },
      { id: 'c', rowid: 0, score: 1 / 63 + 1 / 61 },
      { id: 'b', rowid: 1, score: 1 / 62 },
      { id: 'd', rowid: 2, score: 1 / 63 },
    ])
  })

  test('one ranking alone keeps its order, and what stands higher in both never falls below', () => {
    const ids = fc.uniqueArray(fc.stringMatching(/^[a-z]{2}$/), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(ids, fc.infiniteStream(fc.nat()), (all, numbers) => {
        expect(merged([ranking(...all)], all.length).map(({ id }) => id)).toEqual(all)
        const other = [...all].sort(() => (numbers.next().value! % 2 ? 1 : -1))
        const order = merged([ranking(...all), ranking(...other)], all.length).map(({ id }) => id)
        for (const a of all)
          for (const b of all)
            if (all.indexOf(a) < all.indexOf(b) && other.indexOf(a) < other.indexOf(b))
              expect(order.indexOf(a)).toBeLessThan(order.indexOf(b))
      }),
    )
  })
})
