import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { GenerateContext, Llm, Split, TeacherYield, Transcript } from '../../core/contract.ts'
import { playGold } from '../../core/episode.ts'
import { WhetError } from '../../core/errors.ts'
import type { Definition } from './definition.ts'
import { agenticSearch as plugin } from './index.ts'
import type { Item } from './item.ts'
import { openDefinition } from './library.ts'
import type { Question } from './teacher.ts'
import { traceOf } from './trace.ts'

let dir: string
let definition: Definition
const { signal } = new AbortController()
const quiet = { baseDir: '', signal, progress: () => {} }

const coined = (n: number) => `${'bdfgklmnprstvz'[n % 14]}${'aeiou'[n % 5]}${'klmnrst'[n % 7]}${'aeiou'[(n >> 1) % 5]}${'bdgkmnprst'[n % 10]}o` // biome-ignore format: one line
const name = (n: number) => `${coined(n)[0]!.toUpperCase()}${coined(n).slice(1)}${n}`
const filler = (n: number, sentences: number) =>
  Array.from({ length: sentences }, (_, at) => `Entry ${at} of the log of ${name(n)} speaks of calm water and of the ${['north', 'south', 'east', 'west'][at % 4]}.`).join(' ') // biome-ignore format: one line
/** Notes on lighthouses; what is asked for stands in the first reading of even ones, in the second of odd ones. */
const note = (n: number) =>
  `---\ntitle: The lighthouse of ${name(n)}\nbuilder: Captain Ode${n}\ndate: ${1700 + n}-01-02\n---\n${filler(n, n % 2 === 0 ? 4 : 17)}\n\nThe lamp of ${name(n)} was given by Widow Tamsin${n}. The rule of the\nhouse was written by Brother Osric.\n\n${filler(n, 4)}\n`

beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'whet-teacher-'))
  process.env.WHETSTONE_HOME = path.join(dir, 'home')
  mkdirSync(path.join(dir, 'notes'))
  for (let n = 0; n < 60; n += 1) writeFileSync(path.join(dir, 'notes', `note-${n}.md`), note(n))
  const options = plugin.options.parse({ corpus: { folder: 'notes' }, readChars: 1000 })
  definition = await plugin.define(options, { ...quiet, baseDir: dir })
}, 60_000)
afterAll(async () => {
  await plugin.dispose?.()
  delete process.env.WHETSTONE_HOME
  rmSync(dir, { recursive: true, force: true })
})

/** Who gave the lamp, where the text says it. */
const lampIn = (text: string): Question | undefined => {
  const [quote, of, giver] = /The lamp of (\w+) was given by (Widow \w+)\./.exec(text) ?? []
  const question = `Who gave the lamp to the lighthouse of ${of}?`
  return quote && giver ? { question, quote, answer: giver, query: `lamp ${of} given` } : undefined
}

/** A teacher that writes as told, and answers from the text when it is asked again. */
const teacher = (
  write: (text: string) => readonly Question[] = (text) => [lampIn(text) ?? []].flat(),
  reply: (question: string, text: string) => string = (_, text) => lampIn(text)?.answer ?? '',
): Llm & { readonly told: Transcript[] } => {
  const told: Transcript[] = []
  return {
    told,
    complete: async (prompt, schema) => {
      told.push(prompt)
      const said = prompt.at(-1)!.content
      const text: string = JSON.parse(/(?:^Text|^A part of [^\n]*):\n(.*)\n/m.exec(said)![1]!)
      const again = /Questions:\n(.*)\n/.exec(said)?.[1]
      if (!again) return schema.parse({ questions: write(text) })
      const questions: { number: number; question: string }[] = JSON.parse(again)
      return schema.parse({ answers: questions.map(({ number, question }) => ({ number, answer: reply(question, text) })) }) // biome-ignore format: one answer
    },
  }
}

const ignorant: GenerateContext['byHeart'] = async (requests) => requests.map(() => 'I do not know, perhaps in 1900.')
const generated = async (context: Partial<GenerateContext>, rows = 40, split: Split = 'train') => {
  const [items, yields]: [Item[], TeacherYield[]] = [[], []]
  const spec = { seed: 3, split, parts: [{ where: { kind: ['fact'] }, rows }] }
  const full = { ...quiet, byHeart: ignorant, yielded: (of: TeacherYield) => void yields.push(of), ...context }
  for await (const item of plugin.generate(spec, definition, full)) items.push(item)
  const fell: Record<string, number> = {}
  for (const each of yields) for (const [why, n] of Object.entries(each.fell)) fell[why] = (fell[why] ?? 0) + n
  const sum = (of: 'wrote' | 'kept') => yields.reduce((all, each) => all + each[of], 0)
  return { items, yields, fell, wrote: sum('wrote'), kept: sum('kept'), lamps: items.filter(({ question }) => question.includes('lamp')) } // biome-ignore format: one result
}

describe('questions of a teacher', () => {
  test('become items that the gold answers from the documents, reading on where the answer stands further down', async () => {
    const { lamps, kept, yields } = await generated({ teacher: teacher() })
    expect(lamps.length).toBeGreaterThan(4)
    expect(lamps).toHaveLength(kept)
    expect(yields.every(({ spread }) => spread! > 0 && spread! <= 1)).toBe(true)
    let further = 0
    for (const item of lamps) {
      const { transcript } = await playGold(item, { plugin, definition, signal, scratch: dir })
      const { criteria } = await plugin.grade(item, transcript, definition, { signal })
      expect(criteria.right, item.question).toMatchObject({ status: 'pass' })
      expect(criteria['document-precision']).toMatchObject({ score: 1 })
      const { document, text } = item.evidence[0]!
      expect(traceOf(transcript).opened.get(document)).toContain(text)
      if (JSON.stringify(transcript).includes('"from":')) further += 1
    }
    expect(further).toBeGreaterThan(0)
    expect(further).toBeLessThan(lamps.length)
  })

  test('stand on training documents alone, and evaluation is made without a teacher', async () => {
    const { catalog } = openDefinition(definition)
    const train = new Set(catalog.clustersOf('train'))
    const { lamps } = await generated({ teacher: teacher() })
    for (const { family } of lamps) expect(train.has(family)).toBe(true)
    const asked = teacher()
    for (const split of ['dev', 'gate', 'sealed'] as const) await generated({ teacher: asked }, 10, split)
    expect(asked.told).toEqual([])
  })

  const changed = (change: (good: Question) => Partial<Question>) => (text: string) => {
    const good = lampIn(text)
    return good ? [{ ...good, ...change(good) }] : []
  }
  test.each<[string, (text: string) => readonly Question[]]>([
    ['no question', changed(() => ({ question: 'Tell me who gave the lamp of that house.' }))],
    ['without a short answer', changed(() => ({ answer: '' }))],
    ['not in the text', changed(() => ({ quote: 'The lamp was bought by Widow Tamsin herself.' }))],
    ['not answered by its sentence', changed(() => ({ answer: 'Captain Nemo' }))],
    [
      'with the answer in it',
      changed(({ answer, question }) => ({ question: `Did ${answer} or another: ${question}` })),
    ],
    ['speaking of the text itself', changed(() => ({ question: 'Who gave the lamp that the text speaks of?' }))],
    ['said elsewhere', changed(() => ({ question: 'Who wrote the rule of that house?', quote: 'The rule of the house was written by Brother Osric.', answer: 'Brother Osric' }))], // biome-ignore format: one case
  ])('fall where they are %s', async (reason, write) => {
    const { fell, wrote, kept } = await generated({ teacher: teacher(write) })
    expect(wrote).toBeGreaterThan(0)
    expect([fell, kept]).toEqual([{ [reason]: wrote }, 0])
  })

  test('fall where the teacher itself answers otherwise, where the student knows them, and where they were asked before', async () => {
    const other = await generated({ teacher: teacher(undefined, () => 'Captain Ode') })
    expect([Object.keys(other.fell), other.kept]).toEqual([['answered otherwise the second time'], 0])
    const knows: GenerateContext['byHeart'] = async (requests) =>
      requests.map((request) => `It was Widow Tamsin${/(\d+)\?/.exec(request)![1]}, of course.`)
    const known = await generated({ teacher: teacher(), byHeart: knows })
    expect([Object.keys(known.fell), known.kept]).toEqual([['known by heart'], 0])
    const twice = await generated({ teacher: teacher((text) => [lampIn(text) ?? [], lampIn(text) ?? []].flat()) })
    expect(twice.fell).toEqual({ 'asked before': twice.kept })
  })

  test('are not asked for where no student is at hand to say what it knows', async () => {
    const asked = teacher()
    await generated({ teacher: asked, byHeart: undefined as never })
    expect(asked.told).toEqual([])
  })

  test('whatever becomes of them, the questions by construction are the same', async () => {
    const trouble = new WhetError({ code: 'llm-unreachable', message: 'no answer', fixedBy: 'service' })
    const down: Llm = { complete: () => Promise.reject(trouble) }
    const ids = (items: readonly Item[]) => items.map(({ id }) => id)
    expect(ids((await generated({ teacher: down })).items)).toEqual(ids((await generated({})).items))
    const spent = new WhetError({ code: 'llm-budget', message: 'spent', fixedBy: 'config' })
    const poor: Llm = { complete: () => Promise.reject(spent) }
    await expect(generated({ teacher: poor })).rejects.toMatchObject({ code: 'llm-budget' })
  })

  test('documents are data in the prompt: marks that could end it are escaped', async () => {
    const asked = teacher()
    await generated({ teacher: asked })
    for (const prompt of asked.told) {
      const [head = '', body = ''] = prompt.at(-1)!.content.split('\n')
      expect(`${head}${body}`).not.toMatch(/[<>[\]{}|`#]/)
    }
  })
})
