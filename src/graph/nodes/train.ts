import { readJson, writeJson } from '../../core/jsonl.ts'
import { seedFrom } from '../../core/random.ts'
import type { TrainResult } from '../../core/trainer.ts'
import type { Stage } from '../deps.ts'
import { readFrozen } from './define.ts'

/**
 * SFT from the best promoted adapter on the round's rows. The job is started once, lives on when this process dies,
 * and is adopted on resume; its finished result is never trained again.
 */
export const train: Stage = async (state, deps) => {
  const round = deps.files.round(state.round)
  const { base } = await readFrozen(deps.files, deps.plugin)
  const result = await deps.trainer.run(
    {
      kind: 'sft',
      base: base.dir,
      ...(state.best > 0 && { adapter: deps.files.round(state.best).adapter }),
      rows: round.sft,
      out: round.train,
      seed: seedFrom(deps.config.seed, 'sft', state.round),
      params: { maxTokens: deps.config.student.maxTokens, ...deps.config.train.sft },
      device: deps.config.train.device,
    },
    {
      signal: deps.signal,
      onStart: ({ adopted }) => deps.emit({ type: 'train.started', data: { kind: 'sft', dir: round.train, adopted } }),
      onEvent: (event) => deps.emit({ type: 'train.step', data: event }),
    },
  )
  deps.emit({ type: 'train.finished', data: result })
  await writeJson(round.trained, { kind: 'sft', ...result } satisfies TrainResult & { kind: string })
  return {}
}

export const readTrained = (file: string) => readJson<TrainResult & { kind: string }>(file)
