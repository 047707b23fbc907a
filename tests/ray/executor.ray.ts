/** The ray executor on a real cluster of two nodes, with the real SFT trainer on a model of a few thousand weights. */
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rayExecutor } from '../../src/core/executors/ray.ts'
import { pythonEnv, trainerScript } from '../../src/core/python.ts'
import { pythonHome } from '../../src/core/python-find.ts'
import { type TrainJob, trainerOn } from '../../src/core/trainer.ts'
import { executorContract } from '../contract/executor.ts'
import { makeTiny } from '../support/tiny.ts'
import { type Cluster, rayPython, startCluster } from './cluster.ts'

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
    const lines = readFileSync(join(out, 'events.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
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
})
