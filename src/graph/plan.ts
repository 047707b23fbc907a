import os from 'node:os'
import path from 'node:path'
import type { LoadedConfig } from '../core/config.ts'
import { rolesIn } from '../core/llm/gateway.ts'
import { loadPlugin } from '../plugins/index.ts'

export interface Plan {
  readonly skill: string
  readonly rounds: number
  readonly rows: number // of one round
  readonly evaluation: { readonly dev: number; readonly gate: number; readonly sealed: number } // items
  readonly stages: readonly { readonly name: string; readonly what: string; readonly estimateMinutes: number }[]
  readonly minutes: number // the whole run, at most
  readonly money: number
  readonly notes: readonly string[]
}

/** Rounded from docs/results/2026-11-22-quickstart.md (two AVX2 cores, SmolLM2-135M); export and generation are rough guesses. Seconds. */
const pace = { replySeconds: 0.8, rowSeconds: 0.77, exportSeconds: 20, generateSeconds: 5 }
const pairOfCores = 2

/** What a run would do, and about how long it takes: nothing is read but the config and the plugin, nothing is written. */
export const planRun = async ({
  loaded,
}: {
  loaded: LoadedConfig
  workspace?: unknown
  signal?: AbortSignal
}): Promise<Plan> => {
  const { config } = loaded
  const plugin = await loadPlugin(config.skill, path.dirname(loaded.file))
  plugin.options.parse(config.options)
  const speed = Math.max(1, os.availableParallelism() / pairOfCores)
  const { dev, gate, sealed } = config.evaluation
  const evaluation = ((dev + gate) * pace.replySeconds + pace.exportSeconds) / 60 / speed
  const training = (config.loop.rows * (config.train.sft.epochs ?? 1) * pace.rowSeconds) / 60 / speed
  const stages = [
    {
      name: 'define',
      what: `freeze tools and seeds, make ${dev} dev, ${gate} gate and ${sealed} sealed items`,
      estimateMinutes: 0.2,
    },
    {
      name: 'evaluate',
      what: `the untouched ${config.student.base} answers ${dev + gate} items: the baseline`,
      estimateMinutes: evaluation,
    },
    {
      name: 'generate',
      what: `${config.loop.rows} rows a round, uniform first, then aimed at what failed`,
      estimateMinutes: pace.generateSeconds / 60,
    },
    { name: 'validate', what: 'each gold answer must pass its own grader', estimateMinutes: pace.generateSeconds / 60 },
    { name: 'train', what: `SFT on ${config.loop.rows} rows a round`, estimateMinutes: training },
    { name: 'evaluate', what: `the new student answers ${dev + gate} items`, estimateMinutes: evaluation },
    { name: 'gate', what: 'promote, hold or reject, by paired statistics', estimateMinutes: 0 },
    { name: 'analyze', what: 'what failed, and the spec of the next rows', estimateMinutes: 0 },
  ]
  const round = stages.slice(2).reduce((sum, stage) => sum + stage.estimateMinutes, 0)
  const minutes = stages[0]!.estimateMinutes + evaluation + config.loop.rounds * round
  return {
    skill: plugin.name,
    rounds: config.loop.rounds,
    rows: config.loop.rows,
    evaluation: { dev, gate, sealed },
    stages,
    minutes,
    money: 0,
    notes: notesOf(loaded, minutes),
  }
}

const notesOf = ({ config }: LoadedConfig, minutes: number): string[] => [
  'Minutes are estimates from two AVX2 cores, scaled by the cores of this machine; a GPU is much faster.',
  ...(minutes > config.budget.minutes
    ? [`The budget of ${config.budget.minutes} minutes may end the run before its last round.`]
    : []),
  ...paidNotes(config),
]

/** What calls to language models may come to: their number is not known before the run. */
const paidNotes = ({ roles, budget }: LoadedConfig['config']): string[] => {
  const asked = rolesIn(roles).filter((role) => role !== 'chat')
  if (asked.length === 0) return []
  const limits = [
    ...(budget.tokens > 0 ? [`${budget.tokens} tokens`] : []),
    ...(budget.money > 0 ? [`money ${budget.money}`] : []),
  ]
  const most =
    limits.length > 0 ? `at most ${limits.join(' and ')}` : 'without a limit: set budget.tokens or budget.money'
  return [`Language models are asked (${asked.join(', ')}), ${most}.`]
}
