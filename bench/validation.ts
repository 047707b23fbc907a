import { readFileSync } from 'node:fs'
import path from 'node:path'
import { toolCalling } from '../src/plugins/tool-calling/index.ts'
import type { Figure } from './index.ts'

const data = path.join(import.meta.dirname, '..', 'tests', 'data', 'synaptic-tuner')
const repeats = 40

/** `whet data validate` on the sample data, the same rows over and over. */
export const validation = async (): Promise<Figure[]> => {
  const lines = readFileSync(path.join(data, 'contentManager_first400.jsonl'), 'utf8').trim().split('\n')
  const many = Array.from({ length: repeats }, () => lines).flat()
  const tools = path.join(data, 'tool_schemas.json')
  await toolCalling.validateData?.(lines, { tools })
  let started = performance.now()
  await toolCalling.validateData?.(many, { tools })
  const ours = (many.length / (performance.now() - started)) * 1000
  started = performance.now()
  for (const line of many) JSON.parse(line)
  const peer = (many.length / (performance.now() - started)) * 1000
  return [
    { name: 'data validate, sample rows', value: ours, unit: 'rows/s', note: `aim 20,000; ${many.length} rows` },
    { name: '  peer: JSON.parse alone', value: peer, unit: 'rows/s', note: 'the floor of any validator' },
  ]
}
