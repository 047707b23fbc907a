import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Config } from '../../src/core/config.ts'
import type { AssistantTurn } from '../../src/core/contract.ts'
import { WhetError } from '../../src/core/errors.ts'
import { readJsonl } from '../../src/core/jsonl.ts'
import { scriptedStudent } from '../../src/core/student.ts'
import { collectItems } from '../../src/graph/collect.ts'
import { evaluateItems } from '../../src/graph/evaluate-items.ts'
import { toySkill, toyStudent } from '../support/toy.ts'

let dir = ''
let file = ''
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'whet-eval-'))
  file = path.join(dir, 'dev.jsonl')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const world = async (rows = 30) => {
  const plugin = toySkill()
  const deps = {
    plugin,
    config: Config.parse({ skill: 'toy', student: { slots: 4 } }),
    signal: new AbortController().signal,
    scratch: dir,
    emit: () => {},
  }
  const { items } = await collectItems({ seed: 1, split: 'dev', parts: [{ where: {}, rows }] }, {}, deps)
  const ask = (answer: (request: string) => AssistantTurn | Promise<AssistantTurn>) =>
    evaluateItems({
      items,
      file,
      split: 'dev',
      definition: {},
      deps,
      student: async () => scriptedStudent((messages) => answer(messages.at(-1)?.content ?? '')),
    })
  return { items, deps, ask }
}

const unreachable = () => new WhetError({ code: 'student-unreachable', message: 'no answer', fixedBy: 'service' })
const say = (content: string): AssistantTurn => ({ role: 'assistant', content })

test('a row that infrastructure lost is ungraded, not a zero, and the next call asks it again', async () => {
  const { items, ask } = await world()
  let asked = 0
  const first = await ask(() => {
    asked += 1
    if (asked === 5) throw unreachable()
    return say('x')
  })
  const lost = first.filter((row) => row.error)
  expect(lost).toHaveLength(1)
  expect(lost[0]?.grade.criteria.right).toMatchObject({ status: 'ungraded' })
  asked = 100
  const second = await ask(() => say('x'))
  expect(second.filter((row) => row.error)).toEqual([])
  expect(second).toHaveLength(items.length)
})

test('a student that stays silent ends the stage with a coded error, and the answers so far are kept', async () => {
  const { ask } = await world()
  let asked = 0
  const failing = ask(() => {
    asked += 1
    if (asked > 10) throw unreachable()
    return say('x')
  })
  await expect(failing).rejects.toMatchObject({ code: 'student-failing', fixedBy: 'service' })
  const { rows } = await readJsonl<{ error?: unknown }>(file)
  expect(rows.filter((row) => !row.error)).toHaveLength(10)
})

test('answers that come in after another item has failed the stage are kept, and nothing is thrown late', async () => {
  const { ask } = await world()
  let asked = 0
  const failing = ask(async () => {
    asked += 1
    if (asked < 4) throw unreachable()
    await new Promise((resolve) => setTimeout(resolve, 30))
    return say('x')
  })
  await expect(failing).rejects.toMatchObject({ code: 'student-failing' })
  const { rows } = await readJsonl<{ error?: unknown }>(file)
  expect(asked).toBeGreaterThan(3)
  expect(rows.filter((row) => !row.error)).toHaveLength(asked - 3)
})

test('rows are in the order of the items, whatever order the answers come in', async () => {
  const { items, ask } = await world()
  const rows = await ask(async (request) => {
    await new Promise((resolve) => setTimeout(resolve, request.length % 7))
    return say('x')
  })
  expect(rows.map(({ item }) => item.id)).toEqual(items.map(({ id }) => id))
})

test('a torn last line is dropped and its item asked again; finished rows are not', async () => {
  const { items, deps } = await world()
  const options = { items, file, split: 'dev' as const, definition: {}, deps }
  await evaluateItems({ ...options, items: items.slice(0, 10), student: async () => toyStudent([]) })
  await appendFile(file, '{"item": {"id": "torn')
  const asked: string[] = []
  await evaluateItems({ ...options, student: async () => toyStudent([], (request) => void asked.push(request)) })
  expect(asked).toHaveLength(items.length - 10)
  expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(items.length)
})

test('garbage and empty replies are graded as failures of the student, not of the infrastructure', async () => {
  const { ask } = await world()
  const rows = await ask((request) => say(request.length % 2 ? '' : '\u0000<tool_call>{"name": '.repeat(2000)))
  expect(rows.every((row) => !row.error && row.grade.criteria.right?.status === 'fail')).toBe(true)
})
