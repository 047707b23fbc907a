import type { Command, Entry, Listed } from './command.ts'
import { data } from './registry/data.ts'
import { results } from './registry/results.ts'
import { setUp } from './registry/set-up.ts'
import { start } from './registry/start.ts'
import { steer } from './registry/steer.ts'

const under = (group: Entry['group'], listed: Listed): Readonly<Record<string, Entry>> =>
  Object.fromEntries(Object.entries(listed).map(([name, entry]) => [name, { ...entry, group }]))

/** Every verb once. Surfaces are generated from this record; an entry loads its implementation when it is asked for. */
export const commands: Readonly<Record<string, Entry>> = {
  ...under('Start', start),
  ...under('Data', data),
  ...under('Watch and steer', steer),
  ...under('Results', results),
  ...under('Set-up', setUp),
}

/** Names of verbs that only hold other verbs, with what they are about. */
export const groups: Readonly<Record<string, string>> = {
  data: 'make items, or check rows of your own',
  show: 'items, replies and specs of a run',
  tools: 'catalogues of tools',
  judge: 'language models that answer the questions of rubrics',
  plugin: 'skills: what there is, and whether one keeps its contract',
  voice: 'the voice of an author, measured from a folder of texts',
}

/** A command with its implementation. @returns undefined for a name that is not in the record */
export const loadCommand = async (name: string): Promise<Command | undefined> => {
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined
  return entry && { ...entry, ...(await entry.load()), name }
}
