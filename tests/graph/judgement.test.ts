import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/core/config.ts'
import { readJson, readJsonl } from '../../src/core/jsonl.ts'
import type { PreferenceRow } from '../../src/core/pairs.ts'
import type { Paired } from '../../src/core/round.ts'
import type { TrainJob } from '../../src/core/trainer.ts'
import { Workspace } from '../../src/core/workspace.ts'
import { startRun } from '../../src/graph/engine.ts'
import { nextLesson } from '../../src/graph/lesson.ts'
import { parseState, type State } from '../../src/graph/state.ts'
import { toySkill, toyStudents, toyTrainer } from '../support/toy.ts'

let dir = ''
afterEach(() => {
  rmSync(dir, { recursive: true, force: true })
  dir = ''
})

const run = async (knowledge: string[][], from?: { run: string; round: number }, train = '') => {
  dir ||= mkdtempSync(path.join(tmpdir(), 'whet-judgement-'))
  writeFileSync(
    path.join(dir, 'whetstone.yaml'),
    'skill: toy\nevaluation: { dev: 60, gate: 120, sealed: 20 }\nloop: { rounds: 3, rows: 60, plateau: 5 }\nstudent: { slots: 8 }\ntrain: { kto: { enabled: true, practice: 40, beta: 0.2 }'.concat(
      train,
      ' }\n',
    ),
  )
  const jobs: TrainJob[] = []
  const trainer = toyTrainer()
  const outcome = await startRun({
    workspace: Workspace.at(dir),
    plugin: toySkill(),
    machines: {
      students: toyStudents(knowledge),
      trainer: {
        run: (job, options) => {
          jobs.push(job)
          return trainer.run(job, options)
        },
      },
    },
    loaded: await loadConfig(path.join(dir, 'whetstone.yaml')),
    ...(from && { from }),
  })
  return { outcome, jobs, files: Workspace.at(dir).run(outcome.run) }
}

describe('a run that may teach judgement', () => {
  test('begins with format and goes on with pairs once the format holds', async () => {
    const { jobs } = await run([[], ['plain'], ['plain', 'loud'], ['plain', 'loud', 'twice']])
    expect(jobs.map(({ kind }) => kind)).toEqual(['sft', 'kto', 'kto'])
    expect(jobs[1]).toMatchObject({ params: { beta: 0.2 }, rows: expect.stringMatching(/round-02\/kto\.jsonl$/) })
    expect(jobs[1]?.params).not.toHaveProperty('practice')
    expect(jobs[1]?.adapter).toMatch(/round-01/)
  })

  test('goes on with pairs at once where it is forked from a round whose format holds', async () => {
    const { outcome } = await run([[], ['plain']])
    const forked = await run([['plain'], ['plain', 'loud']], { run: outcome.run, round: 1 })
    expect(forked.jobs[0]?.kind).toBe('kto')
  })

  test('teaches the same pairs by DPO where the config says so', async () => {
    const { jobs, files } = await run(
      [[], ['plain'], ['plain', 'loud']],
      undefined,
      ', judgement: dpo, dpo: { beta: 0.3 }',
    )
    expect(jobs[1]).toMatchObject({
      kind: 'dpo',
      params: { beta: 0.3 },
      rows: expect.stringMatching(/round-02\/dpo\.jsonl$/),
    })
    expect(jobs[1]?.params).not.toHaveProperty('practice')
    const pairs = (await readJsonl<{ completion: object[]; rejected: object[] }>(files.round(2).dpo)).rows
    const rows = (await readJsonl<PreferenceRow>(files.round(2).kto)).rows
    expect(2 * pairs.length).toBe(rows.length)
    for (const { completion, rejected } of pairs) {
      expect([completion.length, rejected.length]).toEqual([1, 1])
      expect(completion).not.toEqual(rejected)
    }
  })

  test("sets the best student's own mistakes on fresh training items against the gold of the same request", async () => {
    const { files } = await run([[], ['plain'], ['plain', 'loud'], ['plain', 'loud', 'twice']])
    const { rows } = await readJsonl<PreferenceRow>(files.round(2).kto)
    const paired = await readJson<Paired>(files.round(2).paired)
    expect(paired?.fromStudent).toBeGreaterThan(10)
    expect(rows).toHaveLength(2 * (paired?.pairs ?? 0))
    const asked = new Set(
      (await readJsonl<{ item: { id: string } }>(files.round(2).practice)).rows.map((r) => r.item.id),
    )
    for (const { id, source, completion, label } of rows) {
      expect(asked.has(id.split('#')[0] as string)).toBe(true)
      expect([source, completion[0].content === 'hm']).toEqual([label ? 'gold' : 'student', !label])
    }
    for (const split of ['dev', 'gate', 'sealed'] as const)
      for (const { id } of (await readJsonl<{ id: string }>(files.split(split))).rows) expect(asked.has(id)).toBe(false)
  })
})

describe('the next lesson', () => {
  const config = { train: { kto: { enabled: true } } } as Parameters<typeof nextLesson>[1]
  const at = (state: Partial<State>) => nextLesson(parseState({ ...start, ...state }), config).teaches
  const start = {
    graphVersion: '',
    run: 'r',
    round: 2,
    looks: 1,
    withoutGain: 0,
    formatHolds: true,
    best: 1,
    teaches: 'sft',
    stop: null,
  }
  test.each([
    ['judgement once the format holds', {}, 'kto'],
    ['format while it does not hold', { formatHolds: false }, 'sft'],
    ['format while no student was promoted', { best: 0 }, 'sft'],
    ['judgement again after a round of it that was promoted', { teaches: 'kto' }, 'kto'],
    ['format after a round of judgement without a gain', { teaches: 'kto', withoutGain: 1 }, 'sft'],
    ['judgement after a round of format without a gain', { withoutGain: 1 }, 'kto'],
  ] as const)('is %s', (_, state, lesson) => expect(at(state)).toBe(lesson))
  test('is format where judgement is not enabled', () => {
    expect(nextLesson(parseState(start), { train: { kto: { enabled: false } } } as never).teaches).toBe('sft')
  })
})
