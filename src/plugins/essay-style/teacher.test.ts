import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { GenerateContext, Llm, Split, Tags, TeacherYield, Transcript } from '../../core/contract.ts'
import { WhetError } from '../../core/errors.ts'
import type { Definition } from './definition.ts'
import { copiedRun } from './fingerprints.ts'
import { essayStyle } from './index.ts'
import type { Item } from './item.ts'
import { Reading, Speech, type Voiced } from './teacher-forms.ts'
import { context, failedIn, goldOf } from './test-support.ts'
import { sentencesOf } from './voice/words.ts'

let dir: string
let definition: Definition

const kinds = ['brass', 'copper', 'wooden', 'paper', 'silver', 'rusty', 'painted', 'hollow', 'folding', 'broken']
const things = ['anchor', 'lantern', 'ladder', 'compass', 'whistle', 'bucket', 'basket', 'barrel', 'mirror', 'trunk', 'needle', 'saddle', 'pulley', 'shutter', 'hammer', 'candle'] // biome-ignore format: a list
const verbs = ['hides', 'steals', 'guards', 'mocks', 'mends', 'names', 'feeds', 'counts', 'cures', 'wastes']
const nouns = ['old debts', 'slow hours', 'proud kings', 'cheap songs', 'quiet guests', 'late trains', 'small lies']
const at = (list: readonly string[], n: number) => list[n % list.length]!
const said = (n: number) =>
  `The ${at(kinds, n)} ${at(things, n * 7)} ${at(verbs, n * 3)} ${at(nouns, n * 5)} when nobody looks.`

/** Real prose with a sentence of ours after every few of the author's, so that a scripted teacher finds ideas in it. */
const essay = (n: number): string => {
  const file = new URL(`./authors/g-k-chesterton/${String(n).padStart(2, '0')}.txt`, import.meta.url)
  const sentences = sentencesOf(readFileSync(file, 'utf8'))
  return sentences.map((each, place) => (place % 3 === 0 ? `${each} ${said(n * 31 + place / 3)}` : each)).join(' ')
}

beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'whet-texts-'))
  mkdirSync(path.join(dir, 'mine'))
  for (let n = 1; n <= 6; n += 1) writeFileSync(path.join(dir, 'mine', `essay ${n}.md`), essay(n))
  const options = essayStyle.options.parse({ author: 'mine', contract: 'compact' })
  definition = await essayStyle.define(options, { ...context, baseDir: dir })
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const idea = /The (\w+ \w+) (\w+ \w+ \w+) when nobody looks\./g
const read = (text: string): Reading => {
  const found = new Map([...text.matchAll(idea)].map((each) => [each[1], each]))
  return {
    ...{ topic: 'Harbour', thesis: 'The harbour is about patience, not pride.', stands: 'patience', against: 'pride', tone: 'Dry' }, // biome-ignore format: one line
    ideas: [...found.values()].slice(0, 5).map(([quote, subject = '', claim = ''], n) => ({
      subject: `the ${subject}`,
      claims: [{ claim: `${claim}.`, quote }],
      relation: n === 2 ? ('but' as const) : ('and' as const),
    })),
    main: 1,
    slip: { idea: 2, claim: 'tames loud judges' },
  }
}
/** Says what it was told to say, as it was told to. */
const speak = (prompt: string): string => {
  const lines: string[] = JSON.parse(/in this order:\n(\[.*\])\n/.exec(prompt)![1]!)
  const [, topic, thesis, tone] = /topic \("(.*?)"\) first, once what it comes down to \("(.*?)"\), .* want it "(.*?)"/.exec(prompt)! // biome-ignore format: one line
  const aside = /in these words: "(.*?)"/.exec(prompt)?.[1]
  const sentences = lines.map((line) => {
    const [first] = line.split(';')
    const cue = /start with it/.test(line) ? 'the essay starts here, ' : /end on it/.test(line) ? 'it ends here, ' : ''
    const slip = /by mistake that (.*?), and take/.exec(line)?.[1]
    return `${cue}${slip ? `${slip}, no wait, ` : ''}${first}`
  })
  const [opened, ...rest] = sentences
  return [`so, the ${topic} essay`, opened, `um, what I mean is ${thesis}`, ...rest, ...(aside ? [`oh and ${aside}`] : []), `I want it ${tone}.`].join('. ') // biome-ignore format: one line
}
const voiced = (prompt: string): Voiced => {
  const parts: Voiced = JSON.parse(/part by part:\n(\{.*\})\n/.exec(prompt)![1]!)
  return { ...parts, sections: parts.sections.map((body) => body.replace(/\.$/, ', and there you have it.')) }
}

interface Script {
  readonly reads?: (good: Reading) => Reading
  readonly says?: (good: string) => string
  readonly voices?: (good: Voiced) => Voiced
}
const teacher = ({
  reads = (good) => good,
  says = (good) => good,
  voices = (good) => good,
}: Script = {}): Llm & {
  readonly told: Transcript[]
} => {
  const told: Transcript[] = []
  return {
    told,
    complete: async (prompt, schema) => {
      told.push(prompt)
      const text = prompt.at(-1)!.content
      const form = schema as unknown
      if (form === Reading) return schema.parse(reads(read(JSON.parse(/text:\n(.*)\n/.exec(text)![1]!))))
      return schema.parse(form === Speech ? { brainstorm: says(speak(text)) } : voices(voiced(text)))
    },
  }
}

const generated = async (
  given: Partial<GenerateContext>,
  { rows = 30, split = 'train' as Split, where = {} as Tags, of = definition } = {},
) => {
  // biome-ignore format: one line
  const [items, yields]: [Item[], TeacherYield[]] = [[], []]
  const notes: string[] = []
  const full = {
    ...context,
    ...given,
    progress: (_: number, __: number, what: string) => void notes.push(what),
    yielded: (of: TeacherYield) => void yields.push(of),
  }
  for await (const item of essayStyle.generate({ seed: 5, split, parts: [{ where, rows }] }, of, full)) items.push(item)
  const tally = (prompt: string) => yields.find((each) => each.prompt === prompt)!
  return { items, written: items.filter(({ source }) => source !== undefined), tally, notes }
}
const kindsOf = (items: readonly Item[]) => items.map(({ kind }) => kind).sort()

describe('brainstorms that a teacher makes out of the author’s own texts', () => {
  test('take the place of outlines by construction, and their gold is in the teacher’s words and without a fault', async () => {
    const [{ items, written, tally }, plain] = [await generated({ teacher: teacher() }), await generated({})]
    expect(written.length).toBeGreaterThan(5)
    expect(kindsOf(items)).toEqual(kindsOf(plain.items))
    expect(tally('ideas of texts').fell).toEqual({})
    expect(tally('outlines in the voice')).toMatchObject({ wrote: written.length, kept: written.length })
    for (const item of written) {
      expect(essayStyle.item.parse(item)).toEqual(item)
      const gold = await goldOf(item, definition)
      expect(await failedIn(item, definition, gold)).toEqual([])
      expect(gold.at(-1)!.content).toContain('and there you have it')
    }
  })
  test('say what their text says, each idea by a sentence of it, and copy nothing', async () => {
    for (const { source, ideas, brainstorm, family } of (await generated({ teacher: teacher() })).written) {
      const text = readFileSync(path.join(dir, 'mine', source!), 'utf8')
      expect(family).toBe(`text:${source}`)
      for (const { subject, claims } of ideas) expect(text).toContain(`The ${subject} ${claims[0]} when nobody looks.`)
      expect(copiedRun(brainstorm, definition.voice.fingerprints)).toBeUndefined()
    }
  })
  test('are disturbed as a spec wants it', async () => {
    for (const name of ['correction', 'tangent', 'out-of-order', 'dictation']) {
      const { written } = await generated({ teacher: teacher() }, { rows: 12, where: { disturbance: [name], kind: ['outline'] } }) // biome-ignore format: one line
      expect(written.length).toBeGreaterThan(0)
      for (const { tags, withdrawn, tangents, spoken } of written) {
        expect(tags.disturbance).toContain(name)
        if (name === 'correction') expect(withdrawn).toMatchObject([{ claim: 'tames loud judges' }])
        if (name === 'tangent') expect(tangents).toHaveLength(1)
        if (name === 'out-of-order') expect(spoken).not.toEqual(spoken.toSorted((a, b) => a - b))
      }
    }
  })
  test('hold every mistake as other items do: each fails the criterion that it names', async () => {
    const made = new Set<string>()
    for (const item of (await generated({ teacher: teacher() })).written) {
      const gold = await goldOf(item, definition)
      for (const { name, fails, apply } of essayStyle.mistakes) {
        const spoilt = apply(item, gold, definition, 1)
        if (!spoilt) continue
        made.add(name)
        expect(await failedIn(item, definition, [...gold.slice(0, spoilt.at), spoilt.turn]), name).toContain(fails)
      }
    }
    expect(made.size).toBeGreaterThan(15)
  })

  const changed = (change: (good: Reading['ideas'][number]) => Partial<Reading['ideas'][number]>): Script => ({
    reads: (good) => ({ ...good, ideas: good.ideas.map((each) => ({ ...each, ...change(each) })) }),
  })
  test.each<[string, string, Script]>([
    ['ideas of texts', 'with too few ideas', { reads: (good) => ({ ...good, ideas: good.ideas.slice(0, 2) }) }],
    ['ideas of texts', 'not in the text', changed(({ claims: [one] }) => ({ claims: [{ ...one!, quote: 'The brass anchor was never seen again.' }] }))], // biome-ignore format: one case
    ['ideas of texts', 'not said by its sentence', changed(({ claims: [one] }) => ({ claims: [{ ...one!, claim: 'elects nine popes' }] }))], // biome-ignore format: one case
    ['ideas of texts', 'about what the text does not name', changed(() => ({ subject: 'zeppelin hangar' }))],
    ['ideas of texts', 'with one subject twice', changed(() => ({ subject: 'nobody' }))],
    ['ideas of texts', 'without a main idea', { reads: (good) => ({ ...good, main: 9 }) }],
    ['ideas of texts', 'without a thesis', { reads: (good) => ({ ...good, thesis: 'The author likes the essay.' }) }],
    ['brainstorms', 'too short or too long', { says: () => 'no time' }],
    ['brainstorms', 'written as a list', { says: (good) => good.replaceAll('. ', '\n- ') }],
    ['brainstorms', 'without the thesis', { says: (good) => good.replace(/what I mean is [^.]*/, 'you know what') }],
    ['brainstorms', 'without the tone', { says: (good) => good.replace(/I want it dry\.$/, 'I want it so.') }],
    ['brainstorms', 'without an idea', { says: (good) => good.replace(/(?:tame|hide|steal|guard|mock|mend|name|feed|count|cure|waste)s \w+ \w+/g, 'is there') }], // biome-ignore format: one case
  ])('fall (%s) where they are %s, and are told', async (prompt, reason, script) => {
    const { written, tally } = await generated({ teacher: teacher(script) })
    expect(written).toEqual([])
    expect(tally(prompt).kept).toBe(0)
    expect(Object.keys(tally(prompt).fell)).toEqual([reason])
  })
  test('keep the plain outline where the teacher’s own breaks a rule or invents something', async () => {
    const loud = (good: Voiced) => ({
      ...good,
      sections: good.sections.map(() => 'Zebras invaded Portugal with trumpets.'),
    })
    const { written, tally } = await generated({ teacher: teacher({ voices: loud }) })
    expect(written.length).toBeGreaterThan(5)
    expect(written.every(({ draft }) => draft === undefined)).toBe(true)
    expect(tally('outlines in the voice')).toMatchObject({ kept: 0, fell: { 'failing coverage': written.length } })
    for (const item of written) expect(await failedIn(item, definition, await goldOf(item, definition))).toEqual([])
  })
})

describe('a teacher of essays', () => {
  test('is asked for training alone, and for no more than the option’s share', async () => {
    const asked = teacher()
    for (const split of ['dev', 'gate', 'sealed'] as const) await generated({ teacher: asked }, { rows: 8, split })
    await generated({ teacher: asked }, { of: { ...definition, written: 0 } })
    await generated({ teacher: asked }, { where: { relation: ['but'] } })
    expect(asked.told).toEqual([])
  })
  test('that fails costs only its own items; a spent budget stops all', async () => {
    const failing = (fixedBy: 'service' | 'config'): Llm => ({
      complete: () =>
        Promise.reject(
          new WhetError({ code: fixedBy === 'service' ? 'llm-unreachable' : 'llm-budget', message: 'no', fixedBy }),
        ),
    })
    const ids = (items: readonly Item[]) => items.map(({ id }) => id)
    expect(ids((await generated({ teacher: failing('service') })).items)).toEqual(ids((await generated({})).items))
    await expect(generated({ teacher: failing('config') })).rejects.toMatchObject({ code: 'llm-budget' })
  })
  test('reads no text that has changed since the run began, and says so where none is left', async () => {
    const own = path.join(dir, 'other')
    mkdirSync(own)
    for (let n = 1; n <= 3; n += 1) writeFileSync(path.join(own, `${n}.md`), essay(n))
    const options = essayStyle.options.parse({ author: 'other', contract: 'compact' })
    const of = await essayStyle.define(options, { ...context, baseDir: dir })
    for (let n = 2; n <= 3; n += 1) writeFileSync(path.join(own, `${n}.md`), `${essay(n)} And one more.`)
    const { written } = await generated({ teacher: teacher() }, { of })
    expect(new Set(written.map(({ source }) => source))).toEqual(new Set(['1.md']))
    rmSync(own, { recursive: true })
    const { items, notes } = await generated({ teacher: teacher() }, { of })
    expect(items).toHaveLength(30)
    expect(notes).toContain("the author's texts are gone or changed: the teacher has nothing to read")
  })
  test('sees texts as data: marks that could end the block are escaped', async () => {
    const asked = teacher()
    await generated({ teacher: asked })
    for (const prompt of asked.told) {
      const [, data = ''] = prompt.at(-1)!.content.split('\n')
      expect(JSON.stringify(JSON.parse(data))).toBeDefined()
      expect(data.replace(/^\[|\]$|","/g, '')).not.toMatch(/[<>{}|`#]/)
    }
  })
})
