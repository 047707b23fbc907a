import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { type Config, type LoadedConfig, parseConfig } from '../core/config.ts'
import { rolesIn } from '../core/llm/gateway.ts'
import { RunStore } from '../core/store.ts'
import type { RunFiles, Workspace } from '../core/workspace.ts'
import { loadPlugin } from '../plugins/index.ts'
import { paidModels } from './approval.ts'
import { type Pace, paceOf } from './pace.ts'

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

/** Making the items, and an adapter into served weights: small beside the rest, so a guess will do. */
const guessed = { defineSeconds: 12, exportSeconds: 20 }

/**
 * What a run would do, and about how long it takes: the config, the plugin and the times of earlier runs are read, nothing is written.
 * @param from the run and round that it would go on from, whose baseline it takes over
 */
export const planRun = async ({
  workspace,
  loaded,
  from,
}: {
  workspace: Workspace
  loaded: LoadedConfig
  from?: { readonly run: string; readonly round?: number }
}): Promise<Plan> => {
  const { config } = loaded
  if (from) await workspace.find(from.run)
  const plugin = await loadPlugin(config.skill, path.dirname(loaded.file))
  plugin.options.parse(config.options)
  const { dev, gate, sealed } = config.evaluation
  const pace = await paceOf(workspace, config)
  const { baseline, round, judging } = stagesFor(config, pace)
  const stages = [...(from ? [] : baseline), ...round, ...judging]
  const minutes = (from ? 0 : minutesOf(baseline)) + minutesOfRounds(config.loop.rounds, round, judging)
  return {
    skill: plugin.name,
    rounds: config.loop.rounds,
    rows: config.loop.rows,
    evaluation: { dev, gate, sealed },
    stages,
    minutes,
    money: 0,
    notes: notesOf(loaded, minutes, pace),
  }
}

const minutesFor = (items: number, seconds: number, more = 0) => (items * seconds + more) / 60

/** What is still to come of a round of a run, for whoever is asked to let it happen. */
export interface RoundForecast {
  readonly minutes: number // about
  readonly money: number | null // by what the run's rounds have paid so far; null: models may cost, and nothing was paid yet to go by
}

/**
 * About how long the rest of a round takes, by the pace of this machine, and what it pays.
 * @param from  the stage that it goes on with; round 0 is the baseline, which trains nothing
 * @returns undefined for a run whose folder holds no config
 */
export const forecastRound = async (
  workspace: Workspace,
  files: RunFiles,
  { round, from, rows }: { round: number; from: string; rows?: number },
): Promise<RoundForecast | undefined> => {
  const text = await readFile(files.config, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const { config } = parseConfig(text, files.config)
  const { dev, gate } = config.evaluation
  const pace = await paceOf(workspace, config)
  const answering = minutesFor(dev + gate, round === 0 ? pace.baseReply : pace.reply, guessed.exportSeconds)
  const trains = round > 0 && from !== 'evaluate'
  const training = minutesFor((rows ?? config.loop.rows) * (config.train.sft.epochs ?? 1), pace.row)
  const money = paidModels(config.roles).length === 0 ? 0 : paidByRound(files)
  return { minutes: answering + (trains ? training : 0), money }
}

/** The mean over the rounds that have paid a model. */
const paidByRound = (files: RunFiles): number | null => {
  const store = RunStore.open(files.database, { readonly: true })
  try {
    const used = store.events({ types: ['llm.used'] }).filter(({ round = 0 }) => round > 0)
    const rounds = new Set(used.map(({ round }) => round)).size
    if (rounds === 0) return null
    return used.reduce((sum, event) => sum + (event.type === 'llm.used' ? event.data.money : 0), 0) / rounds
  } finally {
    store.close()
  }
}

type PlannedStage = Plan['stages'][number]

export const minutesOf = (stages: readonly PlannedStage[]): number =>
  stages.reduce((total, { estimateMinutes }) => total + estimateMinutes, 0)

/** A row of good or bad is computed twice, the second time by the reference, and shares no header with others: measured 1.7 to 2.8. */
const pairRow = 2.5

/** Of so many rounds, at most: the first is of SFT, and each later one may teach judgement in place of it, where that takes longer. */
export const minutesOfRounds = (
  rounds: number,
  round: readonly PlannedStage[],
  judging: readonly PlannedStage[],
): number => {
  const training = round.find(({ name }) => name === 'train')?.estimateMinutes ?? 0
  return rounds * minutesOf(round) + Math.max(0, rounds - 1) * Math.max(0, minutesOf(judging) - training)
}

/**
 * The stages of the baseline, of one round of SFT, and what stands in place of its training in a round of pairs where those are
 * enabled; each with the minutes that it takes at this pace. Rewards are not reckoned: their steps play as many turns as they need.
 */
export const stagesFor = (
  { evaluation: { dev, gate, sealed }, loop, train, student }: Config,
  pace: Pace,
): Readonly<Record<'baseline' | 'round' | 'judging', readonly PlannedStage[]>> => {
  const training = minutesFor(loop.rows * (train.sft.epochs ?? 1), pace.row)
  const baseline = [
    {
      name: 'define',
      what: `freeze tools and seeds, make ${dev} dev, ${gate} gate and ${sealed} sealed items`,
      estimateMinutes: guessed.defineSeconds / 60,
    },
    {
      name: 'evaluate',
      what: `the untouched ${student.base} answers ${dev + gate} items: the baseline`,
      estimateMinutes: minutesFor(dev + gate, pace.baseReply, guessed.exportSeconds),
    },
  ]
  const round = [
    {
      name: 'generate',
      what: `${loop.rows} rows a round, uniform first, then aimed at what failed`,
      estimateMinutes: 0,
    },
    { name: 'validate', what: 'each gold answer must pass its own grader', estimateMinutes: 0 },
    { name: 'train', what: `SFT on ${loop.rows} rows a round`, estimateMinutes: training },
    {
      name: 'evaluate',
      what: `the new student answers ${dev + gate} items`,
      estimateMinutes: minutesFor(dev + gate, pace.reply, guessed.exportSeconds),
    },
    { name: 'gate', what: 'promote, hold or reject, by paired statistics', estimateMinutes: 0 },
    { name: 'analyze', what: 'what failed, and the spec of the next rows', estimateMinutes: 0 },
  ]
  const { enabled, practice, rows, hold } = train.kto
  const compared = train.judgement === 'kto' ? rows * (1 + hold / 2) : rows // for each two rows, a pair, so many are held
  const judging = enabled
    ? [
        {
          name: 'practice',
          what: `once the format holds: ${practice} fresh items, whose mistakes are to be unlearned`,
          estimateMinutes: minutesFor(practice, pace.reply),
        },
        {
          name: 'train',
          what: `${train.judgement.toUpperCase()} on ${rows} good and bad replies, in place of SFT`,
          estimateMinutes: minutesFor(compared * (train[train.judgement].epochs ?? 1), pairRow * pace.row),
        },
      ]
    : []
  return { baseline, round, judging }
}

const notesOf = ({ config }: LoadedConfig, minutes: number, { measured }: Pace): string[] => [
  measured
    ? `Minutes by the pace of ${measured} on this machine.`
    : 'Minutes are reckoned from two slow cores, scaled by the cores of this machine: processors that multiply bf16 take half of it, a GPU much less. Once a run has trained, its pace counts.',
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
