/** The real SFT trainer, on a model of a few thousand weights, under the contract that the scripted one keeps. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { pythonEnv, trainerScript } from '../../src/core/python.ts'
import { makeTiny } from '../support/tiny.ts'
import { executorContract } from './executor.ts'

let folder: string
let python: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'whet-sft-'))
  python = (await pythonEnv()).python
  await makeTiny(python, folder)
}, 600_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

executorContract('the local executor with the SFT trainer', {
  executor: () => ({ local: { argv: [python, trainerScript('sft.py')] } }),
  job: (out, variant) => ({
    kind: 'sft',
    base: join(folder, 'tiny'),
    rows: join(folder, 'rows.jsonl'),
    out,
    seed: 3,
    device: 'cpu',
    params: {
      brief: { packTokens: 400 },
      long: { packTokens: 100, packRows: 1, epochs: 10, checkpointSeconds: 1 }, // 160 steps
      wrong: { learningrate: 1 },
    }[variant],
  }),
  timeoutMs: 240_000,
})
