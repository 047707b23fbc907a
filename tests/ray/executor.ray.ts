/** The ray executor on a real cluster of two nodes, with the real SFT trainer on a model of a few thousand weights. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rayExecutor } from '../../src/core/executors/ray.ts'
import { pythonEnv, trainerScript } from '../../src/core/python.ts'
import { pythonHome } from '../../src/core/python-find.ts'
import { type TrainJob, trainerOn } from '../../src/core/trainer.ts'
import { executorContract } from '../contract/executor.ts'
import { makeTiny } from '../support/tiny.ts'
import { type Cluster, rayPython, startCluster } from './cluster.ts'

const runner = fileURLToPath(new URL('../support/run-toy.ts', import.meta.url))

let folder: string
let cluster: Cluster
let node: Awaited<ReturnType<Cluster['addNode']>>
let python: string
let trainerPython: string
beforeAll(async () => {
  const requirements = trainerScript('requirements-ray.txt')
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex')
  python = process.env.WHETSTONE_RAY_PYTHON ?? (await rayPython(pythonHome(), requirements, hash))
  trainerPython = (await pythonEnv()).python
  folder = mkdtempSync(join(tmpdir(), 'whet-ray-'))
  await makeTiny(trainerPython, folder)
  cluster = await startCluster(python)
  node = await cluster.addNode()
})
afterAll(async () => {
  await cluster?.close()
  rmSync(folder, { recursive: true, force: true })
})

const options = () => ({ address: cluster.address, python, trainerPython, cpus: 1, gpus: 0, retries: 2 })

const job = (out: string, params: object): TrainJob => ({
  kind: 'sft',
  base: join(folder, 'tiny'),
  rows: join(folder, 'rows.jsonl'),
  out,
  seed: 3,
  device: 'cpu',
  params: { packTokens: 100, packRows: 1, ...params },
})

/** The trainer's folder on its node is named in its command line. */
const trainerPid = (): number => {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      if (
        words.some((word) => word.endsWith('/sft.py')) &&
        words.some((word) => /whetstone-\w+\/job\.json$/.test(word))
      )
        return Number(pid)
    } catch {}
  throw new Error('no trainer is at work')
}

executorContract('the ray executor on a real cluster', {
  executor: () => ({ ray: options() }),
  trainer: trainerPid,
  job: (out, variant) =>
    job(out, { brief: { epochs: 1 }, long: { epochs: 30, checkpointSeconds: 1 }, wrong: { learningrate: 1 } }[variant]),
  timeoutMs: 300_000,
})

const readEvents = (out: string): { step?: number; loss?: number; type?: string; at: number }[] =>
  readFileSync(join(out, 'events.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('on a real cluster', () => {
  test('a worker node is lost in the middle: another one goes on from the checkpoint and finishes', async () => {
    const out = join(folder, 'lost')
    const told: string[] = []
    const steps: number[] = []
    const delays: number[] = []
    let losing: Promise<unknown> | undefined
    const trainer = trainerOn(
      rayExecutor({ ...options(), onProgress: (line) => told.push(`${new Date().toISOString()} ${line}`) }),
      { pollMs: 1000 },
    )
    const seen = new Map<number, number>()
    const result = await trainer.run(job(out, { epochs: 30, checkpointSeconds: 1 }), {
      signal: new AbortController().signal,
      onEvent: ({ step, of }) => {
        steps.push(step)
        seen.set(step, Date.now())
        if (step > of / 3)
          losing ??= node.lose().then(async () => {
            node = await cluster.addNode()
          })
      },
    })
    await losing
    expect(steps).toEqual(Array.from({ length: result.steps }, (_, index) => index + 1))
    expect(told.filter((line) => /was lost/.test(line))).toHaveLength(1)
    const lines = readEvents(out)
    expect(lines.filter(({ step }) => step === 1)).toHaveLength(1)
    expect(lines.filter(({ type }) => type === 'preflight')).toHaveLength(2)
    const first = new Map<number, number>()
    for (const { step, at } of lines) if (step && !first.has(step)) first.set(step, at * 1000)
    for (const [step, at] of seen) delays.push(at - first.get(step)!)
    delays.sort((a, b) => a - b)
    const at = (share: number) => Math.round(delays[Math.min(delays.length - 1, Math.floor(share * delays.length))]!)
    console.log(told.join('\n'))
    console.log(
      `a step is told here after: median ${at(0.5)} ms, 95 % ${at(0.95)} ms, longest ${at(1)} ms (${delays.length} steps)`,
    )
  })

  test('the whole run: killed while the cluster trains, it is resumed, finds its job and finishes', async () => {
    const dir = join(folder, 'whole')
    mkdirSync(dir)
    const { address } = cluster
    writeFileSync(
      join(dir, 'whetstone.yaml'),
      `skill: toy
student: { base: ../tiny, maxReplyTokens: 4, slots: 2 }
evaluation: { dev: 20, gate: 40, sealed: 5 }
loop: { rounds: 1, rows: 40 }
train: { device: cpu, sft: { epochs: 25, packRows: 1, checkpointSeconds: 1 } }
executor: { ray: { address: '${address}', python: '${python}', trainerPython: '${trainerPython}' } }
`,
    )
    const journal = () => {
      const file = join(dir, 'journal.txt')
      return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
    }
    const start = () => execa('node', ['--import', 'tsx', runner, dir], { env: { REAL_MACHINES: '1' }, reject: false })
    const first = start()
    await expect
      .poll(() => journal().includes('step 5') || first.exitCode !== null, { timeout: 400_000, interval: 100 })
      .toBe(true)
    expect(first.exitCode, (first.exitCode === null ? '' : (await first).stderr) as string).toBe(null)
    first.kill('SIGKILL')
    await first
    const before = journal().length
    const { stderr } = await start()
    const said = journal().slice(before)
    expect(said.at(-1), stderr).toMatch(/^outcome .*"finished"/)
    expect(said).toContain('trainer adopted')
    const train = join(dir, '.whetstone', 'runs', readdirSync(join(dir, '.whetstone', 'runs'))[0]!, 'round-01', 'train')
    const steps = readEvents(train).flatMap(({ step }) => step ?? [])
    expect(steps).toEqual(Array.from({ length: steps.at(-1)! }, (_, index) => index + 1)) // one trainer, from its first step to its last
  })

  test('a job that two nodes share has the loss curve of one process, also where a node is lost in the middle', async () => {
    const second = await cluster.addNode()
    const shared = trainerOn(rayExecutor({ ...options(), nodes: 2 }), { pollMs: 500 })
    const params = { epochs: 24, accumulate: 2, learningRate: 0.005, checkpointSeconds: 1 }
    const asking = (onEvent: (event: { step: number }) => void = () => {}) => ({
      signal: new AbortController().signal,
      onEvent,
    })
    const [one, two] = [join(folder, 'one'), join(folder, 'two')]
    const alone = await trainerOn(rayExecutor(options()), { pollMs: 500 }).run(job(one, params), asking())
    let losing: Promise<unknown> | undefined
    const result = await shared.run(
      job(two, { ...params, processes: 2 }),
      asking(({ step }) => {
        if (step > alone.steps / 3) losing ??= second.lose().then(() => cluster.addNode())
      }),
    )
    await losing
    expect(result.steps).toBe(alone.steps)
    expect(readEvents(two).filter(({ type }) => type === 'preflight')).toHaveLength(2) // the group that was lost, and the next
    // a step since the checkpoint stands there twice: the last one counts
    const losses = (out: string) => new Map(readEvents(out).flatMap(({ step, loss }) => (step ? [[step, loss!]] : [])))
    const [expected, found] = [losses(one), losses(two)]
    const furthest = Math.max(...[...expected].map(([step, loss]) => Math.abs(found.get(step)! - loss)))
    console.log(`two nodes and one process: ${expected.size} steps, losses at most ${furthest.toFixed(5)} apart`)
    expect(furthest).toBeLessThan(0.02)
  })
})
