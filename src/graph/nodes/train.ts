import type { Config } from '../../core/config.ts'
import { readJson, writeJson } from '../../core/jsonl.ts'
import { seedFrom } from '../../core/random.ts'
import type { TrainResult } from '../../core/trainer.ts'
import type { Stage } from '../deps.ts'
import { readFrozen } from './define.ts'

/**
 * SFT, KTO or DPO from the best promoted adapter on the round's rows. The job is started once, lives on when this process dies,
 * and is adopted on resume; its finished result is never trained again.
 */
export const train: Stage = async (state, deps) => {
  const round = deps.files.round(state.round)
  const { base } = await readFrozen(deps.files, deps.plugin)
  const kind = state.teaches === 'kto' ? deps.config.train.judgement : state.teaches
  const result = await deps.trainer.run(
    {
      kind,
      base: base.dir,
      ...(state.best > 0 && { adapter: deps.files.round(state.best).adapter }),
      rows: round[kind],
      out: round.train,
      seed: seedFrom(deps.config.seed, kind, state.round),
      params: { maxTokens: deps.config.student.maxTokens, ...paramsOf(kind, deps.config.train) },
      device: deps.config.train.device,
    },
    {
      signal: deps.signal,
      onStart: ({ adopted }) => deps.emit({ type: 'train.started', data: { kind, dir: round.train, adopted } }),
      onEvent: (event) => deps.emit({ type: 'train.step', data: event }),
    },
  )
  deps.emit({ type: 'train.finished', data: result })
  await writeJson(round.trained, { kind, ...result } satisfies TrainResult & { kind: string })
  return {}
}

const paramsOf = (kind: 'sft' | 'kto' | 'dpo', { sft, kto, dpo }: Config['train']) => {
  if (kind !== 'kto') return kind === 'sft' ? sft : dpo
  const { enabled: _, practice: __, ...params } = kto
  return params
}

export const readTrained = (file: string) => readJson<TrainResult & { kind: string }>(file)
