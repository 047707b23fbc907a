import { copyFile, cp, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { WhetError } from '../core/errors.ts'
import { readJson } from '../core/jsonl.ts'
import type { RoundSummary } from '../core/round.ts'
import type { RunFiles, Workspace } from '../core/workspace.ts'
import { formatHolds } from './lesson.ts'
import type { State } from './state.ts'

/**
 * Copies another run up to and including a round (its last summed-up one where none is named) into a new run, which
 * then goes on behind that round's gate: the same definition, splits and best student, and a history of its own.
 *
 * @throws {WhetError} unknown-run · nothing-to-fork
 */
export const forkRun = async (
  workspace: Workspace,
  from: { run: string; round?: number },
  to: RunFiles,
  format: string, // the plugin's criterion of format
): Promise<{ state: Partial<State> }> => {
  const source = await workspace.find(from.run)
  const summaries = await summariesUpTo(source, from.round)
  const round = summaries.length - 1
  for (const split of ['dev', 'gate', 'sealed'] as const) await copyFile(source.split(split), to.split(split))
  await copyFile(source.frozen, to.frozen)
  for (let n = 0; n <= round; n += 1) await copyRound(source, to, n)
  const judged = summaries.filter(({ verdict }) => verdict)
  const best = summaries.at(-1)?.best ?? 0
  return {
    state: {
      round,
      best,
      looks: judged.length,
      withoutGain: judged.length - 1 - judged.findLastIndex(({ verdict }) => verdict?.verdict === 'promote'),
      formatHolds: formatHolds(summaries[best]?.rates.dev ?? [], format),
    },
  }
}

/** Served weights and training checkpoints stay behind: they can be made again from the adapter. */
const copyRound = async (from: RunFiles, to: RunFiles, n: number) => {
  await mkdir(to.dir, { recursive: true })
  await cp(from.round(n).dir, to.round(n).dir, {
    recursive: true,
    filter: (file) => !file.endsWith('.gguf') && !path.basename(file).startsWith('checkpoint'),
  })
}

/**
 * The summaries up to a round, the last one that was summed up where none is named.
 * @throws {WhetError} nothing-to-fork
 */
export const summariesUpTo = async (run: RunFiles, named?: number): Promise<RoundSummary[]> => {
  const round = named ?? (await lastSummarized(run))
  const summaries: RoundSummary[] = []
  for (let n = 0; n <= round; n += 1) {
    const summary = await readJson<RoundSummary>(run.round(n).summary)
    if (!summary) throw nothingToFork(run.name, round)
    summaries.push(summary)
  }
  return summaries
}

const lastSummarized = async (run: RunFiles): Promise<number> => {
  let last = -1
  while (await readJson<RoundSummary>(run.round(last + 1).summary)) last += 1
  if (last < 0) throw nothingToFork(run.name, 0)
  return last
}

const nothingToFork = (run: string, round: number) =>
  new WhetError({
    code: 'nothing-to-fork',
    message: `${run} has not finished round ${round}, so no run can start from it. \`whet status ${run}\` says how far it is.`,
    fixedBy: 'config',
    exit: 2,
    data: { run, round },
  })
