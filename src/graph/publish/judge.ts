import path from 'node:path'
import type { LoadedConfig } from '../../core/config.ts'
import type { Llm } from '../../core/contract.ts'
import { openGateway, requireRoles } from '../../core/llm/gateway.ts'
import type { Workspace } from '../../core/workspace.ts'

/** Lends the run's judge, where it has one: what dev and gate were judged by judges the sealed split too. Its calls are in the run's books. */
export const withJudge = async <T>(
  workspace: Workspace,
  loaded: LoadedConfig,
  run: string,
  round: number,
  signal: AbortSignal,
  work: (judge: Llm | undefined) => Promise<T>,
  stage = 'publish',
): Promise<T> => {
  const { roles, budget } = loaded.config
  if (!roles.judge) return work(undefined)
  requireRoles(loaded.config, ['judge'])
  const gateway = await openGateway({
    roles,
    budget,
    folder: workspace.llm(),
    account: run,
    baseDir: path.dirname(loaded.file),
  })
  try {
    return await work(gateway.llm('judge', { signal, stage, round }))
  } finally {
    await gateway.close()
  }
}
