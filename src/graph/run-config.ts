/** The config that a run keeps, and where it trains by now: the one part of it that may change on the way. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { type Config, type LoadedConfig, loadConfig } from '../core/config.ts'
import { readJson, writeJson } from '../core/jsonl.ts'
import type { RunFiles } from '../core/workspace.ts'

type Where = Config['executor']

const movedFile = (files: RunFiles) => path.join(files.dir, 'executor.json')

export const loadRunConfig = async (files: RunFiles): Promise<LoadedConfig> => {
  const loaded = await loadConfig(files.config)
  const origin = await readFile(files.origin, 'utf8').catch(() => files.config)
  const executor = await readJson<Where>(movedFile(files))
  return { ...loaded, ...(executor && { config: { ...loaded.config, executor } }), file: origin }
}

/** From its next training on the run trains there. One that has begun goes on where it is: see train-where.ts. */
export const moveRun = (files: RunFiles, executor: Where): Promise<void> => writeJson(movedFile(files), executor)

export const whereText = (executor: Where): string => (executor === 'local' ? 'this machine' : executor.ray.address)
