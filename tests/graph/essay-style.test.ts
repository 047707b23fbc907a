import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeReport } from '../../src/commands/report/index.ts'
import { loadConfig } from '../../src/core/config.ts'
import type { AssistantTurn, Transcript } from '../../src/core/contract.ts'
import { readJson, readJsonl } from '../../src/core/jsonl.ts'
import type { PreferenceRow } from '../../src/core/pairs.ts'
import type { RoundSummary } from '../../src/core/round.ts'
import { scriptedStudent } from '../../src/core/student.ts'
import { type RunFiles, Workspace } from '../../src/core/workspace.ts'
import type { Students } from '../../src/graph/deps.ts'
import { type RunOutcome, startRun } from '../../src/graph/engine.ts'
import { readFrozen } from '../../src/graph/nodes/define.ts'
import type { Definition } from '../../src/plugins/essay-style/definition.ts'
import { essayStyle } from '../../src/plugins/essay-style/index.ts'
import type { Item } from '../../src/plugins/essay-style/item.ts'
import { toyTrainer } from '../support/toy.ts'

const dir = mkdtempSync(path.join(tmpdir(), 'whet-essay-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/**
 * Round 0 chats, round 1 has the form and invents an idea in three items of four, round 2 is right: what the loop is to bring
 * about. Whose brainstorm it is asked about, it finds in the run's own files.
 */
const students = (files: () => Promise<RunFiles>): Students => ({
  base: async () => ({ dir: 'scripted', sha256: 'scripted' }),
  open: async ({ adapter }) => {
    const run = await files()
    const { definition } = await readFrozen(run, essayStyle)
    const round = Number(/round-(\d+)/.exec(adapter ?? '')?.[1] ?? 0)
    const known = [run.split('dev'), run.split('gate'), run.round(1).items, run.round(2).items, run.round(3).items]
    const items = new Map<string, Item>()
    for (const file of known) for (const item of (await readJsonl<Item>(file)).rows) items.set(item.brainstorm, item)
    const student = scriptedStudent((messages) => answer(round, messages, items, definition as Definition))
    return { student, close: async () => {} }
  },
})

const answer = (
  round: number,
  messages: Transcript,
  items: ReadonlyMap<string, Item>,
  definition: Definition,
): AssistantTurn => {
  const item = items.get(messages.find(({ role }) => role === 'user')?.content ?? '')
  if (!item || round === 0)
    return { role: 'assistant', content: 'What a lovely idea! Essays are a great way to share thoughts.' }
  const gold = essayStyle.gold(item, messages, definition) as AssistantTurn
  const spoilt = round === 1 && item.id.charCodeAt(item.id.length - 1) % 4 > 0
  const mistake = essayStyle.mistakes.find(({ name }) => name === 'invented-idea')!
  const turn =
    spoilt && item.kind === 'outline' ? mistake.apply(item, [...messages, gold], definition, 1)?.turn : undefined
  return turn ?? gold
}

let outcome: RunOutcome
let files: RunFiles
beforeAll(async () => {
  const file = path.join(dir, 'whetstone.yaml')
  const text = readFileSync(path.join(import.meta.dirname, '..', '..', 'configs', 'essay-style.yaml'), 'utf8')
  writeFileSync(
    file,
    text.replace(/evaluation: .*/, 'evaluation: { dev: 24, gate: 40, sealed: 12 }').replace('rows: 160', 'rows: 40'),
  )
  const workspace = Workspace.at(dir)
  outcome = await startRun({
    workspace,
    loaded: await loadConfig(file),
    machines: { trainer: toyTrainer(), students: students(() => workspace.find()) },
  })
  files = workspace.run(outcome.run)
}, 120_000)

const summary = async (round: number) => (await readJson<RoundSummary>(files.round(round).summary)) as RoundSummary

test('the shipped config runs through all stages: form first, then judgement on what was still wrong', async () => {
  expect(outcome).toMatchObject({ status: 'finished', best: 2, targetsMet: true })
  expect([(await summary(1)).train?.kind, (await summary(2)).train?.kind]).toEqual(['sft', 'kto'])
  expect([(await summary(1)).verdict?.verdict, (await summary(2)).verdict?.verdict]).toEqual(['promote', 'promote'])
})
test('bad replies are the student’s own outlines with an idea that nobody had, beside the gold of the same brainstorm', async () => {
  const rows = (await readJsonl<PreferenceRow>(files.round(2).kto)).rows.filter(({ source }) => source !== 'held')
  const sources = new Set(rows.map(({ source }) => source))
  expect(sources).toContain('student')
  expect(sources).toContain('gold')
  expect(rows.filter(({ label }) => label)).toHaveLength(rows.length / 2)
})
test('the voice of all replies is measured in every round, beside the targets', async () => {
  for (const round of [0, 1, 2]) {
    const { pooled } = await summary(round)
    if (round > 0)
      expect(pooled?.gate['voice-nearest']).toMatchObject({ value: expect.any(Number), n: expect.any(Number) })
  }
})

describe('the report of the run', () => {
  const reported = async (format: 'html' | 'md') =>
    (await writeReport({ workspace: Workspace.at(dir), run: outcome.run, format })).text
  test('sets outlines of base and best student beside the brainstorm, and marks what is missing', async () => {
    const page = await reported('html')
    expect(page).toMatch(/<span class="chip bad">missing<\/span> the [a-z ]+/)
    expect(page).toContain('round 2')
    const { rows } = await readJsonl<Item>(files.split('dev'))
    expect(rows.some(({ brainstorm }) => page.includes(brainstorm.slice(0, 30)))).toBe(true)
  })
  test('draws the voices of author, other authors and students on one map, and gives the figures in Markdown too', async () => {
    const page = await reported('html')
    for (const name of ['jerome-k-jerome', 'g-k-chesterton', 'base', 'round 2'])
      expect(page).toMatch(new RegExp(`<text[^>]*>${name}</text>`))
    expect(await reported('md')).toMatch(/The voice of jerome-k-jerome[\s\S]*\| round 2 \| 24 \| \d+ % \| \d\.\d+ \|/)
  })
  test('a skill whose report throws leaves the rest of the report whole, and says so', async () => {
    const broken = {
      ...essayStyle,
      report: () => {
        throw new Error('no pens left')
      },
    }
    const { skillSections } = await import('../../src/commands/report/sections.ts')
    const notes: string[] = []
    const { rows } = await readJsonl<never>(files.round(2).evaluation('dev'))
    expect(await skillSections(files, [await summary(2)], new Map([[2, rows]]), notes, async () => broken)).toEqual([])
    expect(notes).toEqual([expect.stringContaining('no pens left')])
  })
})
