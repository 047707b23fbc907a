import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { writeReport } from '../../src/commands/report/index.ts'
import { loadConfig } from '../../src/core/config.ts'
import type { EvaluationRow } from '../../src/core/evaluation.ts'
import { readJson } from '../../src/core/jsonl.ts'
import { type Duels, duelsOf } from '../../src/core/judge/duels.ts'
import type { RoundSummary } from '../../src/core/round.ts'
import { Workspace } from '../../src/core/workspace.ts'
import { startRun } from '../../src/graph/engine.ts'
import { answers, type ScriptedAnswer, type ScriptedOpenAi, type ScriptedRequest, startScriptedOpenAi } from '../support/scripted-openai.ts' // biome-ignore format: one import
import { toySkill, toyStudents, toyTrainer } from '../support/toy.ts'

let server: ScriptedOpenAi | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

const shown = ({ messages }: ScriptedRequest) => {
  const [, first = '', second = ''] = messages.at(-1)!.content.split(/The (?:first|second) reply:/)
  return { first, second }
}
const better = (which: string): ScriptedAnswer => answers.json({ reasons: 'r', better: which })

/** The toy skill with a question about pairs. The base says nothing right; round 1 answers the plain items. */
const run = async (answer: (request: ScriptedRequest) => ScriptedAnswer) => {
  server = await startScriptedOpenAi(answer)
  const dir = mkdtempSync(path.join(tmpdir(), 'whet-duels-'))
  const file = path.join(dir, 'whetstone.yaml')
  writeFileSync(
    file,
    `skill: toy\nevaluation: { dev: 30, gate: 60, sealed: 10 }\nloop: { rounds: 1, rows: 40 }\nroles: { judge: { model: judge, baseUrl: "${server.url}", concurrency: 16, retries: 0 } }\n`,
  )
  const toy = toySkill()
  const workspace = Workspace.at(dir)
  const outcome = await startRun({
    workspace,
    plugin: { ...toy, rubrics: [{ ...toy.rubrics[0]!, pairwise: 'Which one says the word?' }] } as never,
    machines: { trainer: toyTrainer(), students: toyStudents([[], ['plain']]) },
    loaded: await loadConfig(file),
  })
  const files = workspace.run(outcome.run)
  const markdown = async () => (await writeReport({ workspace, run: outcome.run, format: 'md' })).text
  return { files, markdown, duels: (await readJson<Duels>(files.round(1).duels))! }
}

describe('a judge with a question about pairs', () => {
  test('decides between each round’s dev replies and the base’s, in both orders, and the report says so', async () => {
    const says = (text: string) => /bravo/.test(text)
    const { files, markdown, duels } = await run((request) => {
      const { first, second } = shown(request)
      return better(says(first) === says(second) ? 'neither' : says(first) ? 'first' : 'second')
    })
    expect(duels).toMatchObject({ judge: 'judge', question: 'Which one says the word?', losses: 0, failed: 0 })
    expect(duels.wins).toBeGreaterThan(3)
    expect(duels.wins + duels.ties + duels.alike).toBe(30)
    expect(duels.agrees).toBe(duels.wins + duels.ties)
    expect(server!.requests).toHaveLength(2 * (duels.wins + duels.ties))
    expect(await readJson(files.round(0).duels)).toBeUndefined()
    const { pooled } = (await readJson<RoundSummary>(files.round(1).summary))!
    expect(pooled?.dev['preferred-to-base']).toEqual({ value: duels.rate, n: duels.wins + duels.ties })
    const report = await markdown()
    expect(report).toMatch(/## Preferred to the base[\s\S]*never held against people[\s\S]*\| round 1 \| \d+\.\d % \[/)
  }, 60_000)
  test('that only looks at what stands first prefers nobody', async () => {
    const { duels } = await run(() => better('first'))
    expect(duels).toMatchObject({ wins: 0, losses: 0, agrees: 0, rate: 0.5 })
  }, 60_000)
})

const row = (id: string, said: string): EvaluationRow => ({
  item: { id, family: id.slice(0, 1), tags: {} },
  transcript: [{ role: 'user', content: `ask ${id}` }, { role: 'assistant', content: said }],
  grade: { score: 0, criteria: {}, failures: [] },
  ms: 0,
  tokens: { prompt: 0, completion: 0 },
}) // biome-ignore format: one row

test('ties count half, replies that are alike or lost count nothing, and families share their weight', async () => {
  const ids = ['a1', 'a2', 'b1', 'b2', 'c1']
  const base = ids.map((id) => row(id, id === 'c1' ? 'same' : 'old'))
  const tuned = ids.map((id) => row(id, id === 'c1' ? 'same' : 'new'))
  const judge = {
    complete: async (prompt: readonly { content: string }[], schema: { parse(value: unknown): never }) => {
      const { first } = shown({ messages: prompt } as never)
      const wins = prompt.at(-1)!.content.includes('ask a')
      return schema.parse({ reasons: 'r', better: wins ? (first.includes('new') ? 'first' : 'second') : 'neither' })
    },
  }
  const lost = { ...row('d1', 'x'), error: { code: 'student-timeout', message: 'late' } }
  const found = await duelsOf([...base, lost], [...tuned, row('d1', 'y')], { judge: judge as never, model: 'm', question: 'q' }) // biome-ignore format: one line
  expect(found).toMatchObject({ wins: 2, losses: 0, ties: 2, alike: 1, failed: 0, rate: 0.75 })
  expect(found.low!).toBeLessThan(0.5)
  expect(found.high!).toBeGreaterThan(0.9)
})
