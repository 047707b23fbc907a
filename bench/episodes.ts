import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Config } from '../src/core/config.ts'
import { scriptedStudent } from '../src/core/student.ts'
import { evaluateItems } from '../src/graph/evaluate-items.ts'
import { agenticSearch } from '../src/plugins/agentic-search/index.ts'
import type { Item } from '../src/plugins/agentic-search/item.ts'
import type { Figure } from './index.ts'

const wanted = 1000

/** 1,000 searches of four calls each by a scripted student: really executed, graded, each row durable. */
export const episodes = async (): Promise<Figure[]> => {
  const dir = mkdtempSync(path.join(tmpdir(), 'whet-bench-'))
  process.env.WHETSTONE_HOME = dir
  const signal = new AbortController().signal
  const context = { baseDir: dir, signal, progress: () => {} }
  const definition = await agenticSearch.define(agenticSearch.options.parse({ corpus: { facts: 400 } }), context)
  const items: Item[] = []
  const spec = { seed: 1, split: 'train' as const, parts: [{ where: { kind: ['fact', 'near-title'] }, rows: wanted }] }
  for await (const item of agenticSearch.generate(spec, definition, context)) items.push(item)
  const turns = (item: Item) => {
    const { document, queries } = item.needs[0]!
    return [
      ['search', { query: 'bridge' }],
      ['search', { query: queries.at(-1) }],
      ['read', { document }],
      ['answer', { text: item.answers[0], citations: [document] }],
    ] as const
  }
  const byQuestion = new Map(items.map((item) => [item.question, item]))
  const student = async () =>
    scriptedStudent((messages) => {
      const step = messages.filter(({ role }) => role === 'assistant').length
      const [name, given] = turns(byQuestion.get(messages[0]!.content)!)[step]!
      return { role: 'assistant', content: '', toolCalls: [{ id: `c${step}`, name, arguments: given }] }
    })
  const deps = {
    plugin: agenticSearch,
    config: Config.parse({ skill: 'agentic-search' }),
    signal,
    scratch: dir,
    emit: () => {},
  }
  const started = performance.now()
  const rows = await evaluateItems({
    items,
    file: path.join(dir, 'rows.jsonl'),
    split: 'dev',
    definition,
    deps,
    student,
  })
  const seconds = (performance.now() - started) / 1000
  const right = rows.filter(({ grade }) => grade.criteria.answer?.status === 'pass').length
  await agenticSearch.dispose?.()
  delete process.env.WHETSTONE_HOME
  rmSync(dir, { recursive: true, force: true })
  return [
    {
      name: 'search, episodes of 4 calls',
      value: seconds,
      unit: 's',
      note: `aim under 20 for 1,000; ${rows.length} episodes, ${right} answered right, durable`,
    },
  ]
}
