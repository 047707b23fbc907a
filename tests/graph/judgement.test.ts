import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/core/config.ts'
import { readJson, readJsonl } from '../../src/core/jsonl.ts'
import type { PreferenceRow } from '../../src/core/pairs.ts'
import type { Paired } from '../../src/core/round.ts'
import type { Student } from '../../src/core/student.ts'
import type { TrainJob } from '../../src/core/trainer.ts'
import { Workspace } from '../../src/core/workspace.ts'
import type { Students } from '../../src/graph/deps.ts'
import { startRun } from '../../src/graph/engine.ts'
import { nextLesson } from '../../src/graph/lesson.ts'
import { parseState, type State } from '../../src/graph/state.ts'
import { type ToyItem, toySkill, toyStudents, toyTrainer } from '../support/toy.ts'

let dir = ''
afterEach(() => {
  rmSync(dir, { recursive: true, force: true })
  dir = ''
})

/** The same students; what they are asked, and how freely they may answer, is noted. */
const listened = (students: Students, asked: { request: string; temperature: number }[]): Students => ({
  ...students,
  open: async (...given) => {
    const open = await students.open(...given)
    const reply: Student['reply'] = (messages, tools, options) => {
      asked.push({ request: messages.at(-1)?.content ?? '', temperature: options.temperature ?? 0 })
      return open.student.reply(messages, tools, options)
    }
    return { ...open, student: { ...open.student, reply } }
  },
})

const run = async (
  knowledge: string[][],
  from?: { run: string; round: number },
  train = '',
  onJob: (job: TrainJob) => Promise<void> = async () => {},
  plugin = toySkill(),
  kto = 'practice: 40',
) => {
  dir ||= mkdtempSync(path.join(tmpdir(), 'whet-judgement-'))
  writeFileSync(
    path.join(dir, 'whetstone.yaml'),
    'skill: toy\nevaluation: { dev: 60, gate: 120, sealed: 20 }\nloop: { rounds: 3, rows: 60, plateau: 5 }\nstudent: { slots: 8 }\ntrain: { '.concat(
      train.startsWith('grpo') ? train : `kto: { enabled: true, ${kto}, beta: 0.2 }${train}`,
      ' }\n',
    ),
  )
  const jobs: TrainJob[] = []
  const asked: { request: string; temperature: number }[] = []
  const trainer = toyTrainer()
  const outcome = await startRun({
    workspace: Workspace.at(dir),
    plugin,
    machines: {
      students: listened(toyStudents(knowledge), asked),
      trainer: {
        run: async (job, options) => {
          jobs.push(job)
          await onJob(job)
          return trainer.run(job, options)
        },
      },
    },
    loaded: await loadConfig(path.join(dir, 'whetstone.yaml')),
    ...(from && { from }),
  })
  return { outcome, jobs, asked, files: Workspace.at(dir).run(outcome.run) }
}

describe('a run that may teach judgement', () => {
  test('begins with format and goes on with pairs once the format holds', async () => {
    const { jobs } = await run([[], ['plain'], ['plain', 'loud'], ['plain', 'loud', 'twice']])
    expect(jobs.map(({ kind }) => kind)).toEqual(['sft', 'kto', 'kto'])
    expect(jobs[1]).toMatchObject({ params: { beta: 0.2 }, rows: expect.stringMatching(/round-02\/kto\.jsonl$/) })
    expect(jobs[1]?.params).not.toHaveProperty('practice')
    expect(jobs[1]?.params).not.toHaveProperty('pairs')
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
    expect(rows).toHaveLength(2 * pairs.length) // nothing held: DPO learns from pairs alone
    for (const { completion, rejected } of pairs) {
      expect([completion.length, rejected.length]).toEqual([1, 1])
      expect(completion).not.toEqual(rejected)
    }
  })

  test("sets the best student's own mistakes on fresh training items against the gold of the same request", async () => {
    const { files } = await run([[], ['plain'], ['plain', 'loud'], ['plain', 'loud', 'twice']])
    const all = (await readJsonl<PreferenceRow>(files.round(2).kto)).rows
    const rows = all.filter(({ source }) => source !== 'held')
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

test('holds what the student does right by right replies to requests that no pair has', async () => {
  const { files } = await run(
    [[], ['plain', 'loud'], ['plain', 'loud']],
    undefined,
    '',
    undefined,
    undefined,
    'practice: 20',
  )
  const { rows } = await readJsonl<PreferenceRow>(files.round(2).kto)
  const held = rows.filter(({ source }) => source === 'held')
  expect(held.length).toBe((await readJson<Paired>(files.round(2).paired))?.held)
  expect(held.length).toBeGreaterThan(5)
  expect(held.every(({ label, completion }) => label && completion[0].content !== 'hm')).toBe(true)
  const paired = new Set(rows.filter(({ source }) => source !== 'held').map(({ id }) => id.split('#')[0]))
  expect(held.filter(({ id }) => paired.has(id.split('#')[0]))).toEqual([])
})

test('holds what the round itself made before what earlier rounds taught', async () => {
  const { files } = await run(
    [[], ['plain', 'loud'], ['plain', 'loud']],
    undefined,
    '',
    undefined,
    undefined,
    'practice: 20',
  )
  const idsOf = async (file: string) => (await readJsonl<{ id: string }>(file)).rows.map(({ id }) => id.split('#')[0])
  const own = await idsOf(files.round(2).accepted)
  const { rows } = await readJsonl<PreferenceRow>(files.round(2).kto)
  const held = rows.filter(({ source }) => source === 'held').map(({ id }) => id.split('#')[0])
  expect(held.length).toBeGreaterThan(5)
  expect(held.filter((id) => own.includes(id)).length).toBeGreaterThan(held.length / 2)
})

test('answers as freely as the config says in practice, and always its likeliest reply where it is measured', async () => {
  const { files, asked } = await run(
    [[], ['plain'], ['plain']],
    undefined,
    '',
    undefined,
    undefined,
    'practice: 40, temperature: 0.9',
  )
  const answered = await Promise.all([2, 3].map((round) => readJsonl<{ item: ToyItem }>(files.round(round).practice)))
  const practised = new Set(answered.flatMap(({ rows }) => rows.map(({ item }) => item.request)))
  expect(practised.size).toBeGreaterThan(10)
  for (const { request, temperature } of asked) expect(temperature).toBe(practised.has(request) ? 0.9 : 0)
})

test('practises on all parts of a spec alike, not on the items that were made first', async () => {
  const { files } = await run([[], ['plain'], ['plain', 'loud']], undefined, '', undefined, undefined, 'practice: 20')
  const idsOf = async (file: string) => (await readJsonl<{ id: string }>(file)).rows.map(({ id }) => id)
  const made = await idsOf(files.round(2).items)
  const asked = (await readJsonl<{ item: { id: string } }>(files.round(2).practice)).rows.map(({ item }) => item.id)
  const late = made.slice(asked.length)
  expect(late.length).toBeGreaterThan(5)
  expect(asked.filter((id) => late.includes(id)).length).toBeGreaterThan((asked.length * late.length) / made.length / 2)
})

test('a reply that is nearly right is a bad one too, beside the gold of the same request', async () => {
  const toy = toySkill()
  const lenient: typeof toy = {
    ...toy,
    grade: async (...given) => {
      const grade = await toy.grade(...given)
      const { right, ...others } = grade.criteria
      const nearly = right?.status === 'fail' ? { ...right, status: 'warn' as const } : right!
      return { ...grade, criteria: { ...others, right: nearly } }
    },
  }
  const never = async () => {}
  const { files } = await run([[], ['plain'], ['plain', 'loud']], undefined, '', never, lenient)
  expect((await readJson<Paired>(files.round(2).paired))?.fromStudent).toBeGreaterThan(10)
})

describe('a run that learns from rewards', () => {
  test('opens the items that the best student half solves behind a server of its own, and closes it after the training', async () => {
    const seen: { opened: string[]; reward: number }[] = []
    let address: { url: string; token: string } | undefined
    const { jobs } = await run(
      [[], ['plain'], ['plain', 'loud', 'twice']],
      undefined,
      'grpo: { enabled: true, practice: 30, steps: 7 }',
      async (job) => {
        if (job.kind !== 'grpo') return
        address = (await readJson<{ url: string; token: string }>(path.join(job.out, 'reward.json')))!
        const post = async (name: string, body: unknown) =>
          (
            await fetch(`${address!.url}/${name}`, {
              method: 'POST',
              body: JSON.stringify(body),
              headers: { authorization: `Bearer ${address!.token}` },
            })
          ).json()
        const opened = (await readJsonl<{ id: string }>(job.rows)).rows.map(({ id }) => id)
        const { episodes } = (await post('open', { items: opened.slice(0, 2) })) as { episodes: { episode: string }[] }
        await post('call', { turns: episodes.map(({ episode }) => ({ episode, text: 'hm' })) })
        const { grades } = (await post('grade', { episodes: episodes.map(({ episode }) => episode) })) as {
          grades: { reward: number }[]
        }
        seen.push({ opened, reward: grades[0]!.reward })
      },
    )
    expect(jobs.map(({ kind }) => kind)).toEqual(['sft', 'grpo', 'grpo'].slice(0, jobs.length))
    expect(jobs[1]).toMatchObject({ params: { steps: 7, quality: 'right', maxReplyTokens: 112 } })
    expect(jobs[1]?.params).not.toHaveProperty('practice')
    expect(seen[0]!.opened.length).toBeGreaterThan(3)
    for (const id of seen[0]!.opened) expect(id).toMatch(/^(loud|twice)-/) // it knows `plain` already
    expect(seen[0]!.reward).toBe(0.5) // a word, and not the right one
    await expect(fetch(`${address!.url}/health`)).rejects.toThrow()
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
  const rewarded = { train: { kto: { enabled: false }, grpo: { enabled: true } } } as typeof config
  const both = { train: { kto: { enabled: true }, grpo: { enabled: true } } } as typeof config
  test.each([
    ['rewards once the format holds', {}, rewarded, 'grpo'],
    ['format while it does not hold', { formatHolds: false }, rewarded, 'sft'],
    ['rewards again while they gain', { teaches: 'grpo' }, rewarded, 'grpo'],
    ['format after rewards that gained nothing', { teaches: 'grpo', withoutGain: 1 }, rewarded, 'sft'],
    ['pairs before rewards', {}, both, 'kto'],
    ['rewards after pairs that gained nothing', { teaches: 'kto', withoutGain: 1 }, both, 'grpo'],
    ['format after both gained nothing', { teaches: 'grpo', withoutGain: 2 }, both, 'sft'],
  ] as const)('with rewards is %s', (_, state, given, lesson) => {
    expect(nextLesson(parseState({ ...start, ...state }), given).teaches).toBe(lesson)
  })
  test('is format where judgement is not enabled', () => {
    expect(nextLesson(parseState(start), { train: { kto: { enabled: false } } } as never).teaches).toBe('sft')
  })
})
