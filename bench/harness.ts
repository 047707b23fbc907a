import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pLimit from 'p-limit'
import { Config } from '../src/core/config.ts'
import { collectItems } from '../src/graph/collect.ts'
import { evaluateItems } from '../src/graph/evaluate-items.ts'
import { toySkill, toyStudent } from '../tests/support/toy.ts'
import type { Figure } from './index.ts'

const rows = 10_000

/** The whole evaluate stage with a student that answers at once: episode, grade, durable row. The peer appends bare rows under the same limit. */
export const harness = async (): Promise<Figure[]> => {
  const dir = mkdtempSync(path.join(tmpdir(), 'whet-bench-'))
  const plugin = toySkill()
  const deps = {
    plugin,
    config: Config.parse({ skill: 'toy', student: { slots: 4 } }),
    signal: new AbortController().signal,
    scratch: dir,
    emit: () => {},
  }
  const spec = { seed: 1, split: 'dev' as const, parts: [{ where: {}, rows }] }
  const { items } = await collectItems(spec, {}, deps)
  const student = async () => toyStudent(['plain', 'loud'])
  let started = performance.now()
  await evaluateItems({ items, file: path.join(dir, 'rows.jsonl'), split: 'dev', definition: {}, deps, student })
  const ours = (items.length / (performance.now() - started)) * 1000
  started = performance.now()
  const limit = pLimit(4)
  await Promise.all(
    items.map((item) => limit(async () => appendFileSync(path.join(dir, 'peer.jsonl'), `${JSON.stringify(item)}\n`))),
  )
  const peer = (items.length / (performance.now() - started)) * 1000
  rmSync(dir, { recursive: true, force: true })
  return [
    {
      name: 'evaluate, scripted student',
      value: ours,
      unit: 'rows/s',
      note: `durable; aim 1,000; ${items.length} rows`,
    },
    { name: '  peer: bare append, not durable', value: peer, unit: 'rows/s', note: 'p-limit and appendFileSync' },
  ]
}
