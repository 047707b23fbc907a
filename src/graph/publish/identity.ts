import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { baseOf } from '../../core/config.ts'
import { publicBase } from '../../core/licence.ts'
import { trainersDir } from '../../core/python.ts'
import { contextPerSlot } from '../../core/server.ts'
import { sha256Of } from './folder.ts'
import type { Candidate } from './subject.ts'

/** Files that pin what was installed; a package from a registry has no package-lock.json. */
const lockFiles = ['../package-lock.json', 'requirements.txt', 'requirements-nodeps.txt', 'requirements-uv.txt']

/** Of a student whose files lie in `folder`: what it is, what it stands on, and what pins that. */
export const whatItIs = async (
  { files, round, frozen, loaded, plugin, lora }: Candidate,
  folder: string,
  name: string,
) => {
  const { base } = loaded.config.student
  const settings = JSON.parse(await readFile(path.join(folder, 'tokenizer_config.json'), 'utf8')) as Record<
    string,
    unknown
  >
  const end = settings.eos_token as string | { content: string } | undefined
  const locks: Record<string, string> = {}
  for (const file of lockFiles.map((each) => path.join(trainersDir, each)))
    if (existsSync(file)) locks[path.basename(file)] = await sha256Of(file)
  return {
    run: files.name,
    round: round.number,
    skill: plugin.name,
    name,
    base: { ...publicBase(base === baseOf(loaded) ? base : path.basename(baseOf(loaded))), sha256: frozen.base.sha256 },
    at: new Date().toISOString(),
    seed: frozen.seed,
    config: loaded.text,
    template: await readFile(path.join(folder, 'chat_template.jinja'), 'utf8'),
    end: typeof end === 'object' ? end.content : (end ?? ''),
    context: contextPerSlot,
    lora,
    locks,
  } as const
}
