import { beforeAll, expect, test } from 'vitest'
import type { GenerationSpec, Llm, TeacherYield, Transcript } from '../../core/contract.ts'
import { tallyText } from '../../core/teacher/tally.ts'
import { isSingle } from './any-item.ts'
import type { Definition } from './definition.ts'
import { toolCalling } from './index.ts'
import type { Item } from './item.ts'
import { defined, quiet, sixTools } from './test-support.ts'

let definition: Definition
beforeAll(async () => {
  definition = await defined({ only: sixTools })
})

const spec: GenerationSpec = {
  seed: 5,
  split: 'train',
  parts: [{ where: { tool: ['read_text_file'], style: ['direct'] }, rows: 200 }],
}
const fresh = (n: number) =>
  Array.from(
    { length: n },
    (_, at) =>
      `${['Kindly', 'Now', 'Quickly', 'Hey,'][at % 4]} ${['unroll', 'surface', 'spell out', 'bring across', 'hand over'][at % 5]} ${'what the team left behind '.repeat(at % 3)}in {path} ${'so we can move on'.slice(0, 3 + at)}`,
  )

/** A teacher that words as told, and answers requests by reading the path out of them. */
const teacher = (
  wordings: string[],
  answers: (request: { request: number; text: string }) => unknown,
): Llm & { told: Transcript[] } => {
  const told: Transcript[] = []
  return {
    told,
    complete: async (prompt, schema) => {
      told.push(prompt)
      const text = prompt.at(-1)!.content
      const requests = /Requests:\n(.*)\n/.exec(text)?.[1]
      return schema.parse(requests ? { calls: JSON.parse(requests).map(answers) } : { wordings })
    },
  }
}
const reads = ({ request, text }: { request: number; text: string }) => ({
  request,
  tool: 'read_text_file',
  arguments: JSON.stringify({
    path: /in (.+?) (?:so|mov|we|can|on|$)/.exec(`${text} `)?.[1]?.replace(/^["'`]|["'`]$/g, '') ?? '',
  }),
})
const generated = async (llm: Llm) => {
  const lines: string[] = []
  const items: Item[] = []
  const context = { ...quiet, teacher: llm, yielded: (of: TeacherYield) => void lines.push(tallyText(of)) }
  for await (const item of toolCalling.generate(spec, definition, context)) if (isSingle(item)) items.push(item)
  return { items, lines }
}

test('wordings of a teacher become items whose truth is known by construction', async () => {
  const { items, lines } = await generated(teacher(fresh(24), reads))
  const own = items.filter(({ request }) => /unroll|surface|spell out|bring across|hand over/i.test(request))
  expect(own.length).toBeGreaterThan(0)
  for (const { truth } of own)
    expect(truth.calls).toMatchObject([{ tools: expect.arrayContaining(['read_text_file']) }])
  expect(lines.join()).toMatch(/teacher: \d+ of 24 wordings of read_text_file kept/)
})

test('wordings that bring values, wrong slots, known phrasings or another call fall, each with its reason', async () => {
  const bad = [
    'Read lines 1 to 20 of {path}',
    'Read {file} for me now',
    'Read the document please',
    'Read {path}',
    ...fresh(12),
  ]
  const { items, lines } = await generated(
    teacher(bad, ({ request }) => ({ request, tool: 'write_file', arguments: '{}' })),
  )
  expect(lines.join()).toMatch(
    /0 of 16 .*1 with a value of their own, 2 with wrong slots, 1 known already, \d+ answered with another call/,
  )
  expect(items.some(({ request }) => /unroll|surface/i.test(request))).toBe(false)
})

test('the teacher sees no phrasing of any pack: none that evaluates can come back as a training row', async () => {
  const llm = teacher(fresh(12), reads)
  await generated(llm)
  const told = JSON.stringify(llm.told[0])
  const says = definition.packs.flatMap(({ content }) =>
    Object.values(content.tools).flatMap(({ say }) => [...say.direct, ...say.indirect]),
  )
  expect(says.filter(({ say }) => say.length > 20 && told.includes(say))).toEqual([])
})

test('evaluation splits are made without a teacher', async () => {
  const llm = teacher(fresh(12), reads)
  const dev = { ...spec, split: 'dev' as const, parts: [{ where: { tool: ['read_text_file'] }, rows: 5 }] }
  for await (const _ of toolCalling.generate(dev, definition, { ...quiet, teacher: llm }));
  expect(llm.told).toEqual([])
})

test('tools are asked about side by side, so that a teacher in several places has work for all of them', async () => {
  const tools = ['read_text_file', 'list_directory', 'create_directory']
  let [asked, release] = [0, () => {}]
  const all = new Promise<void>((resolve) => {
    release = resolve
  })
  const llm = teacher([], reads)
  const waiting: Llm = {
    complete: async (prompt, schema) => {
      asked += 1
      if (asked === tools.length) release()
      await all // one alone waits for ever
      return llm.complete(prompt, schema)
    },
  }
  const several = { ...spec, parts: [{ where: { tool: tools }, rows: 5 }] }
  for await (const _ of toolCalling.generate(several, definition, { ...quiet, teacher: waiting }));
  expect(asked).toBe(tools.length)
})
