/** The real SFT trainer, on a model of a few thousand weights, under the contract that the scripted one keeps. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { pythonEnv, trainerScript } from '../../src/core/python.ts'
import { runChild } from '../../src/core/python-run.ts'
import { executorContract } from './executor.ts'

let folder: string
let python: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'whet-sft-'))
  python = (await pythonEnv()).python
  const make = `import sys; sys.path[:0] = sys.argv[1:3]; from pathlib import Path; from tiny import make_tiny; make_tiny(Path(sys.argv[3]))`
  const paths = [trainerScript(''), trainerScript('tests'), join(folder, 'tiny')]
  const { failed, tail } = await runChild([python, '-c', make, ...paths])
  if (failed) throw new Error(tail)
  writeFileSync(join(folder, 'rows.jsonl'), Array.from({ length: 16 }, (_, index) => row(index)).join(''))
}, 600_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const row = (index: number) => {
  const call = { id: 'c', name: 'read_file', arguments: { path: `notes/${index}.txt` } }
  const tool = {
    name: 'read_file',
    description: 'Reads a file.',
    parameters: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
  }
  const prompt = [{ role: 'user', content: `Show me notes/${index}.txt` }]
  const completion = [{ role: 'assistant', content: '', toolCalls: [call] }]
  return `${JSON.stringify({ id: `row-${index}`, prompt, completion, tools: [tool] })}\n`
}

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
