import { lstat, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { exitCodes, WhetError } from '../core/errors.ts'
import type { RoundFiles, RunFiles, Workspace } from '../core/workspace.ts'
import { runStatus } from '../graph/status.ts'
import { defineCommand, type Implementation } from './command.ts'
import { plural, size, table } from './format.ts'
import { workspaceField, workspaceOf } from './inputs.ts'

const input = z.strictObject({
  run: z.string().optional().describe('one run; all runs by default').meta({ remote: 'run' }),
  dry: z.boolean().default(false).describe('only say what would be deleted'),
  workspace: workspaceField,
})

interface Cleaned {
  readonly dry: boolean
  readonly bytes: number // freed, or to be freed
  readonly deleted: readonly {
    readonly run: string
    readonly round: number
    readonly path: string
    readonly bytes: number
  }[]
  readonly kept: readonly { readonly run: string; readonly rounds: readonly number[] }[]
  readonly skipped: readonly string[] // runs that a process works on
}

/** Deletes weights only: rows, replies, grades, reports and logs of every round stay. */
export const command: Implementation = defineCommand<typeof input, Cleaned>({
  input,
  positional: ['run'],
  harmless: ({ dry }) => dry,
  forecast: (input, context) => command.run({ ...input, dry: true }, context),
  async run(input, context) {
    const workspace = workspaceOf(input, context)
    const names = input.run === undefined ? await workspace.runs() : [(await workspace.find(input.run)).name]
    const deleted: Cleaned['deleted'][number][] = []
    const kept: Cleaned['kept'][number][] = []
    const skipped: string[] = []
    for (const run of names) {
      const keep = await roundsToKeep(workspace, run)
      if (keep) {
        kept.push({ run, rounds: keep })
        deleted.push(...(await weightsOf(workspace.run(run), keep)))
      } else if (input.run === undefined) skipped.push(run)
      else throw busy(run)
    }
    if (!input.dry)
      for (const each of deleted) {
        context.signal.throwIfAborted()
        await rm(each.path, { recursive: true, force: true })
      }
    const bytes = deleted.reduce((sum, each) => sum + each.bytes, 0)
    return { dry: input.dry, bytes, deleted, kept, skipped }
  },
  render({ dry, bytes, deleted, kept, skipped }, { colors }) {
    const rows = deleted.map((each) => [size(each.bytes), each.run, `round ${each.round}`, path.basename(each.path)])
    return [
      ...(rows.length > 0
        ? [
            table(
              ['size', 'run', 'round', 'what'].map((word) => colors.dim(word)),
              rows,
              [0],
            ),
            '',
          ]
        : []),
      `${dry ? 'Would free' : 'Freed'} ${colors.bold(size(bytes))} in ${plural(kept.length, 'run')}; each keeps its best and its last student.`,
      ...(skipped.length > 0 ? [colors.yellow(`Left alone, a process works on them: ${skipped.join(', ')}`)] : []),
      ...(dry && deleted.length > 0 ? [colors.dim('Nothing was deleted: without --dry it is.')] : []),
    ].join('\n')
  },
})

/** The best round and the last one that has a folder; undefined while a process owns the run. */
const roundsToKeep = async (workspace: Workspace, run: string): Promise<number[] | undefined> => {
  const status = await runStatus(workspace, run)
  if (status.owner?.alive) return undefined
  const last = (await roundNumbers(workspace.run(run))).at(-1) ?? 0
  return [...new Set([status.best, last])].sort((a, b) => a - b)
}

const roundNumbers = async ({ dir }: RunFiles): Promise<number[]> => {
  const names = await readdir(dir)
  const numbers = names.map((name) => /^round-(\d+)$/.exec(name)?.[1]).filter((digits) => digits !== undefined)
  return numbers.map(Number).sort((a, b) => a - b)
}

const weightsOf = async (files: RunFiles, keep: readonly number[]) => {
  const found: Cleaned['deleted'][number][] = []
  for (const round of await roundNumbers(files)) {
    if (keep.includes(round)) continue
    for (const place of await placesOf(files.round(round)))
      found.push({ run: files.name, round, path: place, bytes: await bytesIn(place) })
  }
  return found.filter(({ bytes }) => bytes > 0)
}

/** The served model, and the folders of a training job: adapter and checkpoints. Its logs and its result stay. */
const placesOf = async ({ model, train }: RoundFiles): Promise<string[]> => {
  const entries = await readdir(train, { withFileTypes: true }).catch(() => [])
  return [model, ...entries.filter((entry) => entry.isDirectory()).map((entry) => path.join(train, entry.name))]
}

/** Bytes of a file or folder; links are not followed. A missing one has none. */
const bytesIn = async (place: string): Promise<number> => {
  const about = await lstat(place).catch(() => undefined)
  if (!about) return 0
  if (!about.isDirectory()) return about.size
  let bytes = 0
  for (const name of await readdir(place)) bytes += await bytesIn(path.join(place, name))
  return bytes
}

const busy = (run: string) =>
  new WhetError({
    code: 'run-owned',
    message: `A process works on ${run}. Pause it first: \`whet pause ${run}\`.`,
    fixedBy: 'machine',
    exit: exitCodes.refused,
    data: { run },
  })
