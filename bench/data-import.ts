import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { command as exportCommand } from '../src/commands/data-export.ts'
import { command as importCommand } from '../src/commands/data-import.ts'
import type { Figure } from './index.ts'

const sample = path.join(import.meta.dirname, '..', 'tests', 'data', 'synaptic-tuner', 'contentManager_first400.jsonl')
const rows = 10_000

/** `whet data import` and `export` of 10,000 rows, the sample's over and over, from file to file. */
export const dataImport = async (): Promise<Figure[]> => {
  const dir = mkdtempSync(path.join(tmpdir(), 'whet-bench-'))
  const lines = readFileSync(sample, 'utf8').trim().split('\n')
  writeFileSync(
    path.join(dir, 'in.jsonl'),
    Array.from({ length: rows }, (_, at) => `${lines[at % lines.length]}\n`).join(''),
  )
  const context = { cwd: dir, signal: new AbortController().signal, progress: () => {} } as never
  const timed = async (run: () => Promise<unknown>) => {
    const started = performance.now()
    await run()
    return (performance.now() - started) / 1000
  }
  const taken = await timed(() => importCommand.run({ file: 'in.jsonl', format: 'openai', out: 'rows.jsonl' }, context))
  const given = await timed(() =>
    exportCommand.run({ file: 'rows.jsonl', format: 'openai', out: 'out.jsonl' }, context),
  )
  rmSync(dir, { recursive: true, force: true })
  return [
    { name: 'data import, 10,000 rows', value: taken, unit: 's', note: 'aim 3 s' },
    { name: 'data export, 10,000 rows', value: given, unit: 's', note: '' },
  ]
}
