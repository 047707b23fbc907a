import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import type { SpecFile } from '../../src/core/analyst.ts'
import { Config } from '../../src/core/config.ts'
import type { RunEvent } from '../../src/core/events.ts'
import { readJson, readJsonl } from '../../src/core/jsonl.ts'
import type { RoundSummary } from '../../src/core/round.ts'
import { RunStore } from '../../src/core/store.ts'
import { questionAt } from '../../src/graph/approval.ts'
import { resumeRun } from '../../src/graph/engine.ts'
import { problemOfDrop } from '../../src/graph/review.ts'
import { minutesWorked } from '../../src/graph/session.ts'
import { answers, steered } from '../support/steered.ts'
import { toySkill, toyStudents, toyTrainer } from '../support/toy.ts'

const specOf = (n: number, { files }: Awaited<ReturnType<typeof steered>>) => readJson<SpecFile>(files.round(n).spec)

test('an approval may bring an edited spec, which is what the round is made from', async () => {
  const parts = [{ where: { kind: ['loud'] }, rows: 12 }]
  const run = await steered((event, order) => {
    if (event.type === 'approval.requested')
      order(event.round === 1 ? 'approve' : 'stop', event.round === 1 ? { parts } : null)
  })
  expect(await specOf(1, run)).toMatchObject({ author: 'person', spec: { parts } })
  const counts = run.events.find((event) => event.type === 'item.counts')
  expect(counts?.data).toMatchObject({ made: 12 })
})

test('an edited spec with an unknown tag is refused with the right names, and the run goes on waiting', async () => {
  const { events } = await steered((event, order) => {
    if (event.type === 'approval.requested') order('approve', { parts: [{ where: { kind: ['lout'] }, rows: 5 }] })
    if (event.type === 'order.taken') order('stop')
  })
  expect(answers(events)[0]).toMatch(/not approved.*Did you mean "loud"/)
  expect(events.some(({ type, stage }) => type === 'stage.started' && stage === 'generate')).toBe(false)
})

test('of two approvals at once one wins and the other is told', async () => {
  const { events } = await steered((event, order) => {
    if (event.type !== 'approval.requested') return
    if (event.round === 2) return order('stop')
    order('approve', { request: event.seq })
    order('approve', { request: event.seq })
  })
  expect(answers(events).slice(0, 2)).toEqual(['approve', expect.stringContaining('nothing waits for an approval')])
})

test('an approval that was meant for an earlier request opens nothing', async () => {
  const { events } = await steered((event, order) => {
    if (event.type === 'approval.requested') order('approve', { request: event.seq - 1 })
    if (event.type === 'order.taken') order('stop')
  })
  expect(answers(events)[0]).toContain('came too late')
})

test('a person sets rows of the next spec aside; the analyst shares out the others', async () => {
  const part = { where: { kind: ['twice'] }, rows: 15 }
  const run = await steered((event, order) => {
    if (event.type !== 'approval.requested') return
    if (event.round === 1) order('guide', { text: 'more of the double ones', part })
    order(event.round === 1 ? 'approve' : 'stop')
  })
  const { parts } = (await specOf(2, run))!.spec
  expect(parts[0]).toEqual(part)
  expect((await specOf(1, run))!.author).toBe('uniform')
})

test('undo takes back guidance first, then the change of budget before it', async () => {
  const run = await steered((event, order) => {
    if (event.type !== 'approval.requested') return
    if (event.round === 2) return order('stop')
    order('budget', { minutes: 90 })
    order('guide', { text: 'a mistake', part: { where: { kind: ['plain'] }, rows: 7 } })
    order('undo')
    order('undo')
    order('undo')
    order('approve')
  })
  expect(answers(run.events).slice(2, 5)).toEqual([
    expect.stringContaining('"a mistake" is withdrawn'),
    'undo: the budget is back at minutes 60',
    expect.stringContaining('nothing to undo'),
  ])
  expect((await specOf(2, run))!.spec.parts.some(({ where }) => where.kind?.includes('plain'))).toBe(false)
})

test('a smaller budget ends the run at the next door', async () => {
  const { outcome } = await steered((event, order) => {
    if (event.type !== 'approval.requested') return
    order('budget', { minutes: 0.000001 })
    order('approve')
  })
  expect(outcome.reason).toMatch(/budget/)
})

test('waiting for a person is no work: weeks at the door cost no minute of the budget', () => {
  const at = (minute: number, type: string) => ({ type, at: new Date(minute * 60_000).toISOString() }) as RunEvent
  const events = [
    at(0, 'run.started'),
    at(1, 'approval.requested'),
    at(20_001, 'stage.started'),
    at(20_003, 'approval.requested'),
    // killed while it waited, resumed days later
    at(30_000, 'run.resumed'),
    at(30_000, 'approval.requested'),
    at(30_100, 'stage.started'),
    at(30_104, 'run.finished'),
  ]
  expect(minutesWorked(events)).toBeCloseTo(1 + 2 + 4)
})

test('a run that is ended while it waits asks again once it is resumed, and goes on', async () => {
  const ended = new AbortController()
  const first = await steered(({ type }) => type === 'approval.requested' && ended.abort(), '', ended.signal)
  expect(first.outcome.status).toBe('interrupted')
  const later: RunEvent[] = []
  const outcome = await resumeRun({
    workspace: first.workspace,
    run: first.outcome.run,
    plugin: toySkill(),
    machines: { trainer: toyTrainer(), students: toyStudents([[], ['plain']]) },
    onEvent: (event) => {
      later.push(event)
      if (event.type !== 'approval.requested') return
      setTimeout(() => {
        const store = RunStore.open(first.files.database)
        store.order(event.round === 1 ? 'approve' : 'stop', null, 'test')
        store.close()
      }, 10)
    },
  })
  expect(outcome.status).toBe('stopped')
  expect(later.filter(({ type }) => type === 'approval.requested').map(({ round }) => round)).toEqual([1, 2])
})

/** A receiver of webhooks. @returns the config's section, and the types of what it heard */
const receiver = async () => {
  const heard: string[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    heard.push((JSON.parse(body) as RunEvent).type)
    response.end()
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  onTestFinished(() => void server.close())
  return { heard, notify: `notify: { webhook: "http://127.0.0.1:${port}/" }` }
}

test('a webhook hears, in order, that the run waits and how it ended', async () => {
  const { heard, notify } = await receiver()
  await steered(({ type }, order) => type === 'approval.requested' && order('reject'), notify)
  expect(heard).toEqual(['approval.requested', 'run.stopped'])
})

test('a webhook hears that a run failed, before its process ends', async () => {
  const { heard, notify } = await receiver()
  const broken = toySkill((stage) => {
    if (stage === 'define') throw new Error('nothing to define')
  })
  await expect(steered(() => {}, notify, undefined, broken)).rejects.toThrow('nothing to define')
  expect(heard).toEqual(['run.failed'])
})

test('a webhook hears that a budget is spent', async () => {
  const { heard, notify } = await receiver()
  await steered(({ type }, order) => {
    if (type !== 'approval.requested') return
    order('budget', { minutes: 0.000001 })
    order('approve')
  }, notify)
  expect(heard).toEqual(['approval.requested', 'budget.near', 'budget.exceeded', 'run.finished'])
})

test('on-cost asks once a round, and only where a model of the loop may cost', () => {
  const role = (price?: object) => ({ model: 'm', baseUrl: 'http://127.0.0.1:1/v1', ...(price && { price }) })
  const ask = (roles: object) => {
    const config = Config.parse({ skill: 'toy', approve: 'on-cost', roles })
    const doors = ['define', 'evaluate', 'gate', 'analyze', 'generate', 'train'].flatMap((name) =>
      [0, 1].map((round) => [name, round] as const),
    )
    return doors.flatMap(([name, round]) => questionAt(name, round, config) ?? [])
  }
  expect(ask({ analyst: role() })).toEqual([
    'evaluate of round 0, whose stages may ask analyst (m)',
    'generate of round 1, whose stages may ask analyst (m)',
  ])
  expect(ask({ analyst: role({ input: 0, output: 0 }), chat: role() })).toEqual([])
})

test('a review before training leaves rows out, and the counts and later replays follow', async () => {
  const dropped: string[] = []
  const run = await steered(async (event, order, files) => {
    if (event.type !== 'approval.requested') return
    if (event.round === 2) return order('stop')
    const { rows } = await readJsonl<{ id: string }>(files.round(1).sft)
    dropped.push(...rows.slice(0, 3).map(({ id }) => id.replace(/#.*/, '')))
    order('approve', { drop: ['nothing-of-it'] })
    order('approve', { drop: dropped })
  }, 'approve: before-train')
  expect(answers(run.events).slice(0, 2)).toEqual([
    expect.stringContaining('no row of this round'),
    'approve, without 3 items',
  ])
  expect(run.events.find(({ type }) => type === 'rows.reviewed')?.data).toEqual({ by: 'test', items: 3, left: 37 })
  const round = run.files.round(1)
  for (const file of [round.sft, round.accepted])
    expect(
      (await readJsonl<{ id: string }>(file)).rows.filter(({ id }) => dropped.includes(id.replace(/#.*/, ''))),
    ).toEqual([])
  expect((await readJson<RoundSummary>(round.summary))?.rows.trained).toBe(37)
})

test('a review that leaves too few rows is refused', () => {
  const items = new Map([
    ['a', 3],
    ['b', 2],
  ])
  expect(problemOfDrop(['a'], items)).toMatch(/2 rows would be left/)
  expect(problemOfDrop([], items)).toBeUndefined()
})
