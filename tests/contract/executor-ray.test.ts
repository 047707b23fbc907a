/** The executor contract over real HTTP: a scripted Ray whose jobs are real processes, and the product's own ray_job.py in them. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { rayExecutor } from '../../src/core/executors/ray.ts'
import { trainerScript } from '../../src/core/python-run.ts'
import type { TrainEvent, TrainJob } from '../../src/core/trainer.ts'
import { trainerOn } from '../../src/core/trainer.ts'
import { type ScriptedRay, scriptedRay } from '../support/scripted-ray.ts'
import { executorContract } from './executor.ts'

let scripts: string
let ray: ScriptedRay
beforeAll(async () => {
  scripts = mkdtempSync(join(tmpdir(), 'whet-scripts-'))
  for (const name of ['ray_job.py', 'ray_group.py', 'ray_node.py'])
    copyFileSync(trainerScript(name), join(scripts, name))
  copyFileSync(fileURLToPath(new URL('../support/scripted-trainer.py', import.meta.url)), join(scripts, 'sft.py'))
  ray = await scriptedRay()
})
afterAll(async () => {
  await ray.close()
  rmSync(scripts, { recursive: true, force: true })
})

const options = (address = ray.address) => ({ address, python: 'python3', cpus: 1, gpus: 0, retries: 2, scripts })

const job = (out: string, script: object, params: object = {}): TrainJob => {
  const base = join(out, '../base')
  mkdirSync(base, { recursive: true })
  writeFileSync(join(base, 'prepared.json'), JSON.stringify({ base: 'toy', sha256: 'f'.repeat(64), bytes: 10 }))
  writeFileSync(join(out, '../rows.jsonl'), '{"id":"a"}\n')
  return {
    kind: 'sft',
    base,
    rows: join(out, '../rows.jsonl'),
    out,
    seed: 1,
    params: { scripted: script, ...params },
    device: 'cpu',
  }
}

/** The trainer's folder on its node is named in its command line. */
const trainerPid = (): number => {
  for (const pid of readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .reverse())
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      if (words.some((word) => word.endsWith('/sft.py')) && /whetstone-\w+\/job\.json$/.test(words.at(-2) ?? ''))
        return Number(pid)
    } catch {}
  throw new Error('no trainer is at work')
}

executorContract('the ray executor', {
  executor: () => ({ ray: options() }),
  trainer: trainerPid,
  job: (out, variant) =>
    job(
      out,
      { brief: { steps: 4 }, long: { steps: 40, stepMs: 100, checkpointEvery: 2 }, wrong: { steps: 0 } }[variant],
    ),
})

describe('on a scripted cluster', () => {
  let out: string
  beforeEach(() => {
    out = join(mkdtempSync(join(tmpdir(), 'whet-train-')), 'train')
  })
  afterEach(() => rmSync(join(out, '..'), { recursive: true, force: true }))

  const run = (
    script: object,
    {
      address = ray.address,
      tokenEnv,
      onEvent,
      told,
      nodes,
    }: {
      address?: string
      tokenEnv?: string
      onEvent?(event: TrainEvent): void
      told?: string[]
      nodes?: number
    } = {},
  ) =>
    trainerOn(
      rayExecutor({
        ...options(address),
        ...(tokenEnv && { tokenEnv }),
        ...(nodes && { nodes }),
        patienceMs: 60_000,
        onProgress: (line) => told?.push(line),
      }),
      { pollMs: 100 },
    ).run(job(out, script), { signal: new AbortController().signal, onEvent: onEvent ?? (() => {}) })

  test('a lost node: the job goes on from its checkpoint on the next one, in the same submission', async () => {
    const steps: number[] = []
    const told: string[] = []
    const result = await run(
      { steps: 40, stepMs: 60, checkpointEvery: 2 },
      {
        told,
        onEvent: ({ step }) => {
          steps.push(step)
          if (step === 10) ray.loseNode()
        },
      },
    )
    expect(result.steps).toBe(40)
    expect(steps).toEqual(Array.from({ length: 40 }, (_, index) => index + 1))
    expect(told.filter((line) => /lost/.test(line))).toHaveLength(1)
    const { key } = JSON.parse(readFileSync(join(out, 'ray.json'), 'utf8'))
    const lines = readFileSync(join(ray.logs, 'whetstone', key, 'events.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.filter(({ step }) => step === 1)).toHaveLength(1) // not from the beginning
    expect(lines.filter(({ type }) => type === 'preflight')).toHaveLength(2) // two trainers
  })

  test('a job that two nodes share: they know where to meet, and where one is lost both begin again from the checkpoint', async () => {
    const steps: number[] = []
    const told: string[] = []
    const result = await run(
      { steps: 40, stepMs: 60, checkpointEvery: 2 },
      {
        told,
        nodes: 2,
        onEvent: ({ step }) => {
          steps.push(step)
          if (step === 10) ray.loseNode()
        },
      },
    )
    expect(result.steps).toBe(40)
    expect(steps).toEqual(Array.from({ length: 40 }, (_, index) => index + 1))
    expect(told.filter((line) => /lost/.test(line))).toHaveLength(1)
    expect(told.find((line) => /^training on/.test(line))).toMatch(/, /)
    const lines = readFileSync(join(out, 'events.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const begun = lines.filter(({ type }) => type === 'preflight')
    expect(begun).toHaveLength(2)
    for (const each of begun)
      expect(each).toMatchObject({ WHETSTONE_NODES: '2', WHETSTONE_NODE: '0', MASTER_ADDR: '127.0.0.1' })
    expect(lines.filter(({ step }) => step === 1)).toHaveLength(1)
  })

  test('a cluster that is not reached for a while costs nothing', async () => {
    const steps: number[] = []
    const told: string[] = []
    await run(
      { steps: 30, stepMs: 60 },
      {
        told,
        onEvent: ({ step }) => {
          steps.push(step)
          if (step !== 5) return
          ray.refuse = 'connection'
          setTimeout(() => {
            ray.refuse = undefined
          }, 3000)
        },
      },
    )
    expect(steps).toEqual(Array.from({ length: 30 }, (_, index) => index + 1))
    expect(told).toContain('the cluster does not answer: waiting for it')
  })

  test.each([
    [3, 'trainer-out-of-memory'],
    [4, 'trainer-diverged'],
  ])('exit code %i of the trainer arrives as %s', async (exit, code) => {
    await expect(run({ ends: [{ at: 2, exit }] })).rejects.toMatchObject({ code })
    expect(readFileSync(join(out, 'trainer.log'), 'utf8')).toContain('The script ends attempt 1')
  })

  test('nobody answers at the address', async () => {
    await expect(run({}, { address: 'http://127.0.0.1:9' })).rejects.toMatchObject({
      code: 'ray-unreachable',
      fixedBy: 'service',
    })
    expect(existsSync(join(out, 'ray.json'))).toBe(false)
  })

  test('an interpreter that the head does not have', async () => {
    const nowhere = rayExecutor({ ...options(), python: '/nowhere/python' })
    const done = trainerOn(nowhere, { pollMs: 50 }).run(job(out, {}), {
      signal: new AbortController().signal,
      onEvent: () => {},
    })
    await expect(done).rejects.toMatchObject({
      code: 'trainer-not-started',
      message: expect.stringContaining('executor.ray.python'),
    })
  })

  test.each(['1.13.0', '2.9.3', '3.0.0'])('a cluster of Ray %s is refused before anything is sent', async (version) => {
    const other = await scriptedRay({ version })
    await expect(run({}, { address: other.address })).rejects.toMatchObject({ code: 'ray-version' })
    expect(other.requests).toEqual(['GET /api/version'])
    await other.close()
  })

  test('a server that is no Ray is told from one', async () => {
    await expect(run({}, { address: `${ray.address}/elsewhere` })).rejects.toMatchObject({
      code: 'ray-version',
      exit: 2,
    })
  })

  test('a token: wanted, wrong and right', async () => {
    const guarded = await scriptedRay({ token: 'open-sesame' })
    const at = { address: guarded.address }
    await expect(run({ steps: 2 }, at)).rejects.toMatchObject({
      code: 'ray-token',
      message: expect.stringContaining('tokenEnv'),
    })
    process.env.WHET_TEST_RAY_TOKEN = 'wrong'
    await expect(run({ steps: 2 }, { ...at, tokenEnv: 'WHET_TEST_RAY_TOKEN' })).rejects.toMatchObject({
      code: 'ray-token',
    })
    process.env.WHET_TEST_RAY_TOKEN = 'open-sesame'
    expect((await run({ steps: 2 }, { ...at, tokenEnv: 'WHET_TEST_RAY_TOKEN' })).steps).toBe(2)
    delete process.env.WHET_TEST_RAY_TOKEN
    await guarded.close()
  })
})
