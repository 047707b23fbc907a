import { chmod, mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { SpecFile } from '../../core/analyst.ts'
import type { ItemBase } from '../../core/contract.ts'
import { readJson, readJsonl, writeJson } from '../../core/jsonl.ts'
import { gentlerRate } from '../../core/levers.ts'
import { seedFrom } from '../../core/random.ts'
import { type RewardServer, startRewardServer } from '../../core/reward-server.ts'
import type { RoundSummary } from '../../core/round.ts'
import type { Smaller, TrainResult } from '../../core/trainer.ts'
import type { RoundFiles } from '../../core/workspace.ts'
import type { Deps, Stage } from '../deps.ts'
import type { State } from '../state.ts'
import { type Frozen, readFrozen } from './define.ts'

/**
 * SFT, KTO, DPO or GRPO from the best promoted adapter on the round's rows. The job is started once, lives on when this process dies,
 * and is adopted on resume; its finished result is never trained again.
 */
export const train: Stage = async (state, deps) => {
  const round = deps.files.round(state.round)
  const frozen = await readFrozen(deps.files, deps.plugin)
  const kind = kindOf(state, deps)
  const environments = kind === 'grpo' ? await openEnvironments(round, frozen, deps) : undefined
  try {
    const result = await runJob(state, frozen, deps)
    deps.emit({ type: 'train.finished', data: result })
    await writeJson(round.trained, { kind, ...result } satisfies TrainResult & { kind: string })
  } finally {
    await environments?.close()
  }
  return {}
}

/** Judgement is taught from the same pairs in one of two ways. */
const kindOf = ({ teaches }: State, { config }: Deps): Kind => (teaches === 'kto' ? config.train.judgement : teaches)
type Kind = 'sft' | 'kto' | 'dpo' | 'grpo'

const runJob = async (state: State, { base, definition }: Frozen, deps: Deps): Promise<TrainResult> => {
  const round = deps.files.round(state.round)
  const kind = kindOf(state, deps)
  const lever = (await readJson<SpecFile>(round.spec))?.lever
  const learnedRows = kind === 'sft' ? await learnedBy(state.best, deps) : 0
  return deps.trainer.run(
    {
      kind,
      base: base.dir,
      ...(state.best > 0 && { adapter: deps.files.round(state.best).adapter }),
      rows: round[kind],
      out: round.train,
      seed: seedFrom(deps.config.seed, kind, state.round),
      params: {
        maxTokens: deps.config.student.maxTokens,
        ...paramsOf(kind, definition, deps),
        ...(learnedRows > 0 && { learnedRows }),
        ...(lever === 'gentler' && { rateFactor: gentlerRate }),
        ...(kind !== 'sft' && deps.config.train.sft.method === 'qlora' && { fourBit: true }),
      },
      device: deps.config.train.device,
    },
    {
      signal: deps.signal,
      onStart: ({ adopted }) => deps.emit({ type: 'train.started', data: { kind, dir: round.train, adopted } }),
      onEvent: (event) => deps.emit({ type: 'train.step', data: event }),
      onSmaller: (change) =>
        deps.emit({ type: 'warning', data: { code: 'trained-in-smaller-pieces', message: smallerText(change) } }),
    },
  )
}

const smallerText = ({ before, after }: Smaller): string => {
  const changes = Object.entries(after).map(([name, value]) => `${name} ${before[name]} → ${value}`)
  return `A step did not fit into memory: the same steps are computed in smaller pieces (${changes.join(', ')}). Setting them so in the config saves the attempt.`
}

/** SFT rows that a round's adapter has been trained on: its own and those of the promoted rounds that it grew from. */
const learnedBy = async (best: number, { files }: Deps): Promise<number> => {
  let rows = 0
  for (let n = 1; n <= best; n += 1) {
    const summary = await readJson<RoundSummary>(files.round(n).summary)
    if (summary?.verdict?.verdict === 'promote' && summary.train?.kind === 'sft') rows += summary.rows.trained
  }
  return rows
}

const paramsOf = (kind: Kind, definition: unknown, { config, plugin }: Deps) => {
  if (kind === 'sft' || kind === 'dpo') return config.train[kind]
  if (kind === 'kto') {
    const {
      enabled: _,
      practice: __,
      temperature: ___,
      rows: ____,
      hold: _____,
      pairs: ______,
      ...params
    } = config.train.kto
    return params
  }
  const { enabled: _, practice: __, ...params } = config.train.grpo
  // the reward is watched against the criterion that decides promotion
  const quality = plugin.targets(definition)[0]?.of ?? ''
  const { vllm, maxReplyTokens } = config.student
  return { ...params, maxReplyTokens, quality, ...(vllm.length > 0 && { vllm }) }
}

/** The skill's environments and grades over HTTP, where the trainer finds them; other ones may take their place after a crash. */
const openEnvironments = async (round: RoundFiles, { definition }: Frozen, deps: Deps): Promise<RewardServer> => {
  const wanted = new Set((await readJsonl<{ id: string }>(round.grpo)).rows.map(({ id }) => id))
  const items = (await readJsonl<ItemBase>(round.items)).rows.filter(({ id }) => wanted.has(id))
  const scratch = path.join(deps.scratch, 'rewarded')
  const server = await startRewardServer({ plugin: deps.plugin, definition, items, scratch, signal: deps.signal })
  await mkdir(round.train, { recursive: true })
  const file = path.join(round.train, 'reward.json')
  await writeJson(file, { url: server.url, token: server.token })
  await chmod(file, 0o600)
  return server
}

export const readTrained = (file: string) => readJson<TrainResult & { kind: string }>(file)
