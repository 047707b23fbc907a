/** A model of a few thousand weights and rows to train it on, for tests that train for real in seconds. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { trainerScript } from '../../src/core/python.ts'
import { runChild } from '../../src/core/python-run.ts'

/** Makes `tiny/` and `rows.jsonl` (16 rows) in a folder. */
export const makeTiny = async (python: string, folder: string): Promise<void> => {
  const make = `import sys; sys.path[:0] = sys.argv[1:3]; from pathlib import Path; from tiny import make_tiny; make_tiny(Path(sys.argv[3]))`
  const paths = [trainerScript(''), trainerScript('tests'), join(folder, 'tiny')]
  const { failed, tail } = await runChild([python, '-c', make, ...paths])
  if (failed) throw new Error(tail)
  writeFileSync(join(folder, 'rows.jsonl'), Array.from({ length: 16 }, (_, index) => row(index)).join(''))
}

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
