import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { loadConfig } from '../../src/core/config.ts'
import type { GenerateContext } from '../../src/core/contract.ts'
import type { EvaluationRow } from '../../src/core/evaluation.ts'
import { readJson, readJsonl } from '../../src/core/jsonl.ts'
import { keepCalibration } from '../../src/core/judge/store.ts'
import { RunStore } from '../../src/core/store.ts'
import { Workspace } from '../../src/core/workspace.ts'
import { startRun } from '../../src/graph/engine.ts'
import { evaluateRun } from '../../src/graph/evaluate-run.ts'
import type { Improvement } from '../../src/graph/improve.ts'
import type { GateFile } from '../../src/graph/nodes/gate.ts'
import { rolesOf } from '../support/llm.ts'
import { soundSpec } from '../support/scripted-analyst.ts'
import {
  answers,
  lastOf,
  type ScriptedAnswer,
  type ScriptedOpenAi,
  type ScriptedRequest,
  startScriptedOpenAi,
} from '../support/scripted-openai.ts'
import { toySkill, toyStudents, toyTrainer } from '../support/toy.ts'

let server: ScriptedOpenAi
afterEach(() => server?.close())

/** The toy skill with a question for a judge, a verb of a teacher's, and every fifth item worded so that its own grader refuses it. */
const demanding = () => {
  const toy = toySkill()
  const polite = { name: 'polite', weight: 0, passAt: 0.5, question: 'Is the reply polite?' }
  const clean = { name: 'clean', weight: 0, passAt: 1 }
  return {
    ...toy,
    rubrics: [{ name: 'toy', criteria: [...toy.rubrics[0]!.criteria, clean, polite] }],
    async *generate(spec: Parameters<typeof toy.generate>[0], definition: never, context: GenerateContext) {
      const asked = [{ role: 'user' as const, content: `A verb for ${spec.seed}, please.` }]
      const taught = await context.teacher?.complete(asked, z.object({ verb: z.string() }))
      let n = 0
      for await (const made of toy.generate(spec, definition, context)) {
        n += 1
        const item = taught && n % 3 === 0 ? { ...made, request: made.request.replace(/^\S+/, taught.verb) } : made
        yield spec.split === 'train' && n % 5 === 0 ? { ...item, request: `${item.request} ??` } : item
      }
    },
    async grade(...[item, transcript, definition, context]: Parameters<typeof toy.grade>) {
      const grade = await toy.grade(item, transcript, definition, context)
      const isClean = !item.request.includes('??')
      const verdict = {
        status: isClean ? ('pass' as const) : ('fail' as const),
        score: Number(isClean),
        reason: 'no question marks',
      }
      return {
        ...grade,
        criteria: { ...grade.criteria, clean: verdict, polite: { status: 'ungraded' as const, reason: 'for a judge' } },
      }
    },
  }
}

const itemIn = (request: ScriptedRequest) => JSON.parse(/This item was rejected:\n(.*)\n/.exec(lastOf(request))![1]!)
/** One server in every role: each is known by what it is asked. */
const everyRole = (request: ScriptedRequest, improve: (item: Record<string, unknown>) => unknown): ScriptedAnswer => {
  if (request.model === 'analyst') return answers.json(soundSpec(request))
  if (request.model === 'judge') return answers.json({ reasons: 'fine', score: 4 })
  if (request.model === 'teacher') return answers.json({ verb: 'pronounce' })
  return answers.json(improve(itemIn(request)))
}
const mended = (item: Record<string, unknown>) => ({ ...item, request: String(item.request).replace(' ??', '') })

const world = async (dir: string, { primary = 'right', rounds = 2 } = {}) => {
  const file = path.join(dir, 'whetstone.yaml')
  const role = (model: string) => `${model}: { model: ${model}, baseUrl: "${server.url}", concurrency: 16, retries: 0 }`
  writeFileSync(
    file,
    `skill: toy\nevaluation: { dev: 60, gate: 120, sealed: 10 }\nloop: { rounds: ${rounds}, rows: 40 }\nstudent: { slots: 8 }\ngate: { primary: ${primary} }\nroles: { ${['teacher', 'judge', 'improver', 'analyst'].map(role).join(', ')} }\n`,
  )
  const workspace = Workspace.at(dir)
  const outcome = await startRun({
    workspace,
    plugin: demanding() as never,
    machines: { trainer: toyTrainer(), students: toyStudents([[], ['plain'], ['plain', 'loud']]) },
    loaded: await loadConfig(file),
  })
  return { outcome, workspace, files: workspace.run(outcome.run) }
}

describe('a loop with a scripted model in every role', () => {
  test('runs twice with the same result, the second time without a single call', async () => {
    server = await startScriptedOpenAi((request) => everyRole(request, mended))
    const dir = mkdtempSync(path.join(tmpdir(), 'whet-roles-'))
    const first = await world(dir)
    const calls = server.requests.length
    expect(new Set(server.requests.map(({ model }) => model))).toEqual(
      new Set(['teacher', 'judge', 'improver', 'analyst']),
    )
    const asked = (await readJsonl<{ request: string }>(first.files.round(1).items)).rows.map(({ request }) => request)
    expect(asked.filter((request) => request.startsWith('pronounce ')).length).toBeGreaterThan(5)
    const second = await world(dir)
    expect(server.requests.length).toBe(calls)
    for (const round of [1, 2]) {
      expect(await readJson(second.files.round(round).spec)).toEqual(await readJson(first.files.round(round).spec))
      expect((await readJsonl(second.files.round(round).sft)).rows).toEqual(
        (await readJsonl(first.files.round(round).sft)).rows,
      )
    }
    const store = RunStore.open(first.files.database, { readonly: true })
    const used = store.events({ types: ['llm.used'] })
    store.close()
    const places = new Set(
      used.map((event) => event.type === 'llm.used' && `${event.data.role}: ${event.stage} of ${event.round}`),
    )
    for (const place of [
      'teacher: generate of 1',
      'improver: validate of 2',
      'judge: evaluate of 1',
      'analyst: analyze of 1',
    ])
      expect(places).toContain(place)
    const polite = (await readJsonl<EvaluationRow>(first.files.round(1).evaluation('dev'))).rows.map(
      ({ grade }) => grade.criteria.polite,
    )
    expect(polite.every((verdict) => verdict?.status === 'pass')).toBe(true)
    const improvements = (await readJsonl<Improvement>(first.files.round(1).improved)).rows
    expect(improvements.length).toBeGreaterThan(5)
    expect(improvements.every(({ outcome }) => outcome === 'accepted')).toBe(true)
    expect(improvements[0]!.changed).toEqual([
      { field: 'request', before: expect.stringMatching(/\?\?$/), after: expect.not.stringMatching(/\?/) },
    ])
  }, 60_000)

  test('an item whose truth would change is never taken, whatever the improver says', async () => {
    server = await startScriptedOpenAi((request) =>
      everyRole(request, (item) => ({ ...mended(item), answer: 'delete_account' })),
    )
    const { files } = await world(mkdtempSync(path.join(tmpdir(), 'whet-roles-')), { rounds: 1 })
    const { rows } = await readJsonl<Improvement>(files.round(1).improved)
    expect(rows.every(({ outcome }) => outcome === 'truth-changed')).toBe(true)
    expect(JSON.stringify((await readJsonl(files.round(1).sft)).rows)).not.toMatch(/delete_account/)
  }, 60_000)

  test('whet eval --judge asks it too: advice until it is calibrated, and a verdict after', async () => {
    server = await startScriptedOpenAi((request) => everyRole(request, mended))
    const dir = mkdtempSync(path.join(tmpdir(), 'whet-roles-'))
    const { outcome, workspace } = await world(dir, { rounds: 1 })
    const evaluated = (judge: boolean) =>
      evaluateRun({
        workspace,
        target: outcome.run,
        split: 'dev',
        judge,
        plugin: demanding() as never,
        machines: { trainer: toyTrainer(), students: toyStudents([[], ['plain']]) },
      })
    const politeIn = ({ tags }: Awaited<ReturnType<typeof evaluateRun>>) =>
      tags.filter(({ criterion }) => criterion === 'polite').reduce((sum, { passes }) => sum + passes, 0)
    const without = await evaluated(false)
    expect([without.judged, politeIn(without)]).toEqual([undefined, 0])
    const advised = await evaluated(true)
    expect(politeIn(advised)).toBe(60)
    expect(advised.judged).toMatchObject([
      { criterion: 'polite', judge: 'judge', trusted: false, why: expect.stringMatching(/never calibrated/) },
    ])
    const settings = rolesOf({ judge: { model: 'judge', baseUrl: server.url } }).judge!
    const trusted = { criterion: 'polite', pairs: 120, failed: 0, trusted: true, why: 'tested' }
    await keepCalibration(workspace.llm(), settings, [trusted], new Date(0))
    expect((await evaluated(true)).judged).toMatchObject([{ trusted: true, why: 'tested' }])
  }, 60_000)

  test('a judge that was never calibrated promotes nobody; a trusted one does', async () => {
    // the judge likes what a taught student says, so its criterion rises from nothing to all
    server = await startScriptedOpenAi((request) => {
      if (request.model !== 'judge') return everyRole(request, mended)
      return answers.json({
        reasons: 'r',
        score: /alpha|bravo|charlie/.test(lastOf(request).split('assistant')[1] ?? '') ? 4 : 0,
      })
    })
    const dir = mkdtempSync(path.join(tmpdir(), 'whet-roles-'))
    const verdictOf = async ({ files }: Awaited<ReturnType<typeof world>>) =>
      (await readJson<GateFile>(files.round(1).verdict))!.verdict
    const held = await verdictOf(await world(dir, { primary: 'polite', rounds: 1 }))
    expect(held).toMatchObject({ verdict: 'hold', reason: expect.stringMatching(/was never calibrated/) })
    const settings = rolesOf({ judge: { model: 'judge', baseUrl: server.url } }).judge!
    const trusted = { criterion: 'polite', pairs: 120, failed: 0, trusted: true, why: 'tested' }
    await keepCalibration(Workspace.at(dir).llm(), settings, [trusted], new Date(0))
    expect((await verdictOf(await world(dir, { primary: 'polite', rounds: 1 }))).verdict).toBe('promote')
  }, 60_000)
})
