import { beforeAll, describe, expect, test } from 'vitest'
import type { GenerationSpec, Llm, TeacherYield, Transcript } from '../../core/contract.ts'
import { WhetError } from '../../core/errors.ts'
import { isSingle } from './any-item.ts'
import type { Definition } from './definition.ts'
import { toolCalling } from './index.ts'
import type { Item } from './item.ts'
import { defined, quiet, sixTools } from './test-support.ts'

let definition: Definition
beforeAll(async () => {
  definition = await defined({ only: sixTools, teacherRows: 0.5 })
})

interface Row {
  readonly row: number
  readonly calls: readonly { readonly tool: string; readonly arguments: Record<string, unknown> }[]
}
const opening = ['Before lunch', 'For the audit', 'My colleague waits:', 'One more thing,', 'Please, when you can,', 'Right now', 'As we agreed', 'In short:'] // biome-ignore format: a list
const closing = ['and tell me when it is done.', 'so that the club can go on.', 'since the machine is broken.', 'thank you!', 'I am in a hurry.', 'it is for the book.', 'nobody else can.', 'no need to hurry.'] // biome-ignore format: a list
const values = (value: unknown): string[] =>
  typeof value === 'object' && value !== null ? Object.values(value).flatMap(values) : [String(value)]
const worded = ({ row, calls }: Row) =>
  `${opening[row % 8]} ${calls.map(({ tool, arguments: given }) => `${tool.split('_')[0]} ${values(given).join(' with ')}`).join(', then ')} ${closing[(3 * row) % 8]}`

/** A teacher that words rows as told, and answers them with the calls that they were written for. */
const teacher = (
  word: (row: Row) => string = worded,
  reply: (calls: Row['calls']) => Row['calls'] = (calls) => calls,
): Llm & { readonly told: Transcript[] } => {
  const told: Transcript[] = []
  const meant = new Map<string, Row['calls']>()
  return {
    told,
    complete: async (prompt, schema) => {
      told.push(prompt)
      const text = prompt.at(-1)!.content
      const rows = /others, answer:\n(.*)\n/.exec(text)?.[1]
      if (rows) {
        const requests = (JSON.parse(rows) as Row[]).map((row) => ({ row: row.row, request: word(row) }))
        for (const [at, { request }] of requests.entries()) meant.set(request, (JSON.parse(rows) as Row[])[at]!.calls)
        return schema.parse({ requests })
      }
      const asked = JSON.parse(/Rows:\n(.*)\n/.exec(text)![1]!) as { row: number; request: string }[]
      const replies = asked.map(({ row, request }) => ({
        row,
        calls: reply(meant.get(request)!).map((call) => ({ ...call, arguments: JSON.stringify(call.arguments) })),
      }))
      return schema.parse({ replies })
    },
  }
}

const spec: GenerationSpec = { seed: 5, split: 'train', parts: [{ where: {}, rows: 80 }] }
const generated = async (llm?: Llm, of: Partial<GenerationSpec> = {}) => {
  const [items, yields]: [Item[], TeacherYield[]] = [[], []]
  const context = { ...quiet, ...(llm && { teacher: llm }), yielded: (one: TeacherYield) => void yields.push(one) }
  for await (const item of toolCalling.generate({ ...spec, ...of }, definition, context))
    if (isSingle(item)) items.push(item)
  const fell: Record<string, number> = {}
  for (const each of yields) for (const [why, n] of Object.entries(each.fell)) fell[why] = (fell[why] ?? 0) + n
  const kept = yields.reduce((sum, each) => sum + each.kept, 0)
  const own = items.filter(({ request }) => opening.some((words) => request.startsWith(words)))
  return { items, own, kept, fell, yields }
}

test('about the asked share of rows is in the words of the teacher, and every gold answer passes its grader', async () => {
  const without = await generated()
  const { items, own, kept, yields } = await generated(teacher())
  expect(items).toHaveLength(without.items.length)
  expect(own).toHaveLength(kept)
  const callable = without.items.filter(({ truth }) => truth.calls.length > 0).length
  expect(kept / callable).toBeGreaterThan(0.25)
  expect(kept / callable).toBeLessThan(0.75)
  const before = new Set(without.items.map(({ family, truth }) => JSON.stringify([family, truth])))
  for (const item of own) {
    expect(before.has(JSON.stringify([item.family, item.truth]))).toBe(true)
    const turn = toolCalling.gold(item, [], definition)!
    const { messages } = toolCalling.begin(item, definition)
    const { criteria } = await toolCalling.grade(item, [...messages, turn], definition, { signal: quiet.signal })
    expect(criteria.right).toMatchObject({ status: 'pass' })
  }
  for (const { prompt, spread } of yields) {
    expect(prompt).toMatch(/^rows of an? |^rows of somebody/)
    expect(spread).toBeGreaterThan(0)
  }
})

describe('rows fall back to the words that they had', () => {
  test.each<[string, (row: Row) => string]>([
    ['without words', () => 'ok'],
    ['without a value', () => 'Do the usual thing with the usual file, please.'],
    ['with a number of their own', (row) => `${worded(row)} I said it 77 times.`],
  ])('%s', async (reason, word) => {
    const without = await generated()
    const { items, kept, fell } = await generated(teacher(word))
    expect(kept).toBe(0)
    expect(Object.keys(fell)).toEqual([reason])
    expect(items).toEqual(without.items)
  })

  test('where the teacher answers them otherwise, or says the same again', async () => {
    const wrong = await generated(
      teacher(worded, (calls) => calls.map((call) => ({ ...call, tool: 'write_file' })).slice(0, 1)),
    )
    expect(wrong.fell['answered otherwise']).toBeGreaterThan(0)
    expect(wrong.own.every(({ truth }) => truth.calls[0]!.tools.includes('write_file'))).toBe(true)
    const longer = 'as the committee has asked of us in its last letter to all of the members of this club'
    const alike = await generated(
      teacher((row) => `${row.calls.flatMap(({ arguments: given }) => values(given)).join(' ')} ${longer} ${longer}`),
    )
    expect(alike.fell['said before']).toBeGreaterThan(0)
  })

  test('where the teacher is down; a spent budget is the run’s business', async () => {
    const failing = (code: string, fixedBy: 'service' | 'config'): Llm => ({
      complete: () => Promise.reject(new WhetError({ code, message: 'no', fixedBy })),
    })
    expect((await generated(failing('llm-unreachable', 'service'))).items).toEqual((await generated()).items)
    await expect(generated(failing('llm-budget', 'config'))).rejects.toMatchObject({ code: 'llm-budget' })
  })
})

test('evaluation is worded without a teacher, and the prompt steers away from what came too often', async () => {
  const evaluation = teacher()
  await generated(evaluation, { split: 'dev' })
  expect(evaluation.told).toEqual([])
  const same = teacher((row) => worded(row).replace(opening[row.row % 8]!, 'As agreed'))
  await generated(same, { parts: [{ where: {}, rows: 200 }] })
  expect(JSON.stringify(same.told[0])).not.toContain('Do not begin')
  expect(same.told.some((prompt) => prompt.at(-1)!.content.includes('Do not begin with "as agreed"'))).toBe(true)
})
