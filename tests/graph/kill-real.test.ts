/** kill -9 with the product's own trainer and student server, on a model of a few thousand weights. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EventType } from '../../src/core/events.ts'
import { readJsonl } from '../../src/core/jsonl.ts'
import { pythonEnv, trainerScript } from '../../src/core/python.ts'
import { RunStore } from '../../src/core/store.ts'
import { Workspace } from '../../src/core/workspace.ts'

const runner = fileURLToPath(new URL('../support/run-toy.ts', import.meta.url))
const patient = { timeout: 400_000, interval: 50 }

let dir = ''
beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'whet-kill-real-'))
  const { python } = await pythonEnv()
  const make = `import sys; sys.path[:0] = sys.argv[1:3]; from pathlib import Path; from tiny import make_tiny; make_tiny(Path(sys.argv[3]))`
  await execa(python, ['-c', make, trainerScript(''), trainerScript('tests'), path.join(dir, 'tiny')])
  writeFileSync(
    path.join(dir, 'whetstone.yaml'),
    `skill: toy
student: { base: ./tiny, maxReplyTokens: 4, slots: 2 }
evaluation: { dev: 100, gate: 200, sealed: 10 }
loop: { rounds: 1, rows: 40 }
train: { device: cpu, sft: { epochs: 25, packRows: 1, checkpointSeconds: 0.5 } }
`,
  )
}, 600_000)
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const journal = () => {
  const file = path.join(dir, 'journal.txt')
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
}

/** A run process, and what its journal says from its beginning on. */
const start = () => {
  const before = journal().length
  const child = execa('node', ['--import', 'tsx', runner, dir], { env: { REAL_MACHINES: '1' }, reject: false })
  const said = () => journal().slice(before)
  const reaches = async (pattern: RegExp) => {
    const found = () => said().find((line) => pattern.test(line))
    await expect.poll(() => found() !== undefined || child.exitCode !== null, patient).toBe(true)
    if (found() === undefined) throw new Error(`it ended before ${pattern}: ${(await child).stderr}`)
  }
  return { child, said, reaches }
}

const alive = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** The trainer writes a checkpoint's state file last. */
const hasCheckpoint = (train: string) =>
  readdirSync(train).some((name) => existsSync(path.join(train, name, 'trainer_state.json')))

test('the run, the trainer and the student server are killed in turn: each goes on, and nothing is done twice', async () => {
  const first = start()
  await first.reaches(/^step 5$/)
  const workspace = Workspace.at(dir)
  const files = workspace.run((await workspace.runs())[0]!)
  const round = files.round(1)
  const { train } = round
  const trainer = Number(readFileSync(path.join(train, 'lock'), 'utf8'))
  first.child.kill('SIGKILL')
  await first.child
  expect(alive(trainer)).toBe(true)

  const second = start()
  await second.reaches(/^trainer adopted$/)
  expect(Number(readFileSync(path.join(train, 'lock'), 'utf8'))).toBe(trainer)
  await expect.poll(() => hasCheckpoint(train), patient).toBe(true)
  process.kill(trainer, 'SIGKILL')

  await second.reaches(/^answers 1 dev \d+$/)
  const { stdout: servers } = await execa('pgrep', ['-f', `serve\\.py.*${dir}`])
  for (const server of servers.split('\n')) process.kill(Number(server), 'SIGKILL')
  await second.child
  expect(JSON.parse(second.said().at(-1)!.replace('outcome ', ''))).toMatchObject({ status: 'finished' })

  const { rows: events } = await readJsonl<{ type?: string; step?: number; of?: number }>(
    path.join(train, 'events.jsonl'),
  )
  expect(events.filter(({ type }) => type === 'preflight')).toHaveLength(2) // the first trainer and its successor
  const steps = events.flatMap(({ step }) => step ?? [])
  expect(steps.filter((step) => step === 1)).toHaveLength(1) // the successor goes on from a checkpoint
  expect(steps.at(-1)).toBe(events.at(-1)?.of)

  for (const split of ['dev', 'gate'] as const) {
    const { rows: asked } = await readJsonl<{ id: string }>(files.split(split))
    const { rows } = await readJsonl<{ item: { id: string }; error?: object }>(round.evaluation(split))
    expect(rows.map(({ item }) => item.id).sort()).toEqual(asked.map(({ id }) => id).sort())
    expect(rows.filter(({ error }) => error)).toEqual([])
  }

  const store = RunStore.open(files.database, { readonly: true })
  const told = (type: EventType) => store.events({ types: [type] })
  const [started, restarted, finished] = [told('train.started'), told('server.restarted'), told('stage.finished')]
  store.close()
  expect(started.map(({ data }) => (data as { adopted: boolean }).adopted)).toEqual([false, true])
  expect(restarted).toHaveLength(1)
  const stages = finished.map(({ round, stage }) => `${round} ${stage}`)
  expect(new Set(stages).size).toBe(stages.length)
}, 1_200_000)
