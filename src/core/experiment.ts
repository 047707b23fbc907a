/**
 * What an experiment shows: arms that went on from the same first round, over several seeds. Rows of one seed share their
 * training, so seeds are the clusters that intervals and tests count by (facts/evaluation.md 1.8, 2.4).
 */
import { type Clustered, clustered, holm, type Paired } from './stats.ts'

/** Who aims the rows; `prompt` trains nothing: the best prompt found for the untouched student. */
export const arms = ['uniform', 'error-weighted', 'statistical', 'llm', 'placebo', 'prompt'] as const
export type ArmName = (typeof arms)[number]

/** One arm of one seed: its last student and the shared start on the same gate items. */
export interface ArmResult {
  readonly arm: string // one of `arms`, or the settings of a sweep
  readonly seed: number
  readonly run: string
  readonly passes: Readonly<Record<string, boolean>> // by item, of the last student
  readonly startPasses: Readonly<Record<string, boolean>>
  readonly cost: Cost
}

export interface Cost {
  readonly minutes: number
  readonly rows: number // trained on, after the shared round
  readonly tokens: number // trained on
  readonly paidTokens: number
  readonly money: number
}

export interface ArmSummary {
  readonly arm: string
  readonly seeds: number
  readonly rate: number // of the last student, all seeds together
  readonly startRate: number
  readonly gain?: Clustered // over the start, clustered by seed
  readonly bySeed: readonly { readonly seed: number; readonly gain: number }[]
  readonly cost: Cost // of all its seeds
}

export interface Contrast {
  readonly arm: string
  readonly against: string
  readonly difference?: Clustered // arm minus the other, clustered by seed
  readonly bySeed: readonly { readonly seed: number; readonly difference: number }[]
  readonly p?: number // one-sided: the chance of so large a lead where there is none
  readonly holm?: number // the same, corrected for all contrasts
}

export interface Findings {
  readonly arms: readonly ArmSummary[]
  readonly contrasts: readonly Contrast[]
  readonly decides: boolean // enough seeds for a claim
  readonly sentence: string
}

/** Under so many paired seeds a result describes; facts/evaluation.md 1.8. */
export const seedsToDecide = 8
const level = 0.05

/** Every arm against even rows; the LLM also against what is cheaper and what aims at nothing; training against not training. */
const contrastsOf = (present: ReadonlySet<string>): [string, string][] =>
  (
    [
      ['error-weighted', 'uniform'],
      ['statistical', 'uniform'],
      ['statistical', 'error-weighted'],
      ['llm', 'uniform'],
      ['llm', 'error-weighted'],
      ['llm', 'placebo'],
      ['placebo', 'uniform'],
      ['uniform', 'prompt'],
      ['statistical', 'prompt'],
      ['llm', 'prompt'],
    ] as [ArmName, ArmName][]
  ).filter(([arm, against]) => present.has(arm) && present.has(against))

/** Arms of a sweep, the one that the others are held against first. Those that were ended early have fewer seeds. */
export interface SweptArms {
  readonly arms: readonly string[]
  readonly ended: ReadonlySet<string>
}

/** @param sweep where the arms are settings in place of analysts: each is held against the first */
export const findingsOf = (results: readonly ArmResult[], sweep?: SweptArms): Findings => {
  const present = new Set(results.map(({ arm }) => arm))
  const order: readonly string[] = sweep?.arms ?? arms
  const summaries = order.filter((arm) => present.has(arm)).map((arm) => summaryOf(arm, results))
  const pairs = sweep ? againstFirst(sweep.arms.filter((arm) => present.has(arm))) : contrastsOf(present)
  const raw = pairs.map(([arm, against]) => contrastOf(arm, against, results))
  const corrected = holm(raw.map(({ p }) => p ?? Number.NaN))
  const contrasts = raw.map((contrast, at) =>
    contrast.p === undefined ? contrast : { ...contrast, holm: corrected[at]! },
  )
  const whole = summaries.filter(({ arm }) => !sweep?.ended.has(arm))
  const decides = whole.length > 1 && whole.every(({ seeds }) => seeds >= seedsToDecide)
  return { arms: summaries, contrasts, decides, sentence: sentenceOf(whole, contrasts, decides) }
}

const againstFirst = ([first, ...others]: readonly string[]): [string, string][] =>
  first === undefined ? [] : others.map((arm) => [arm, first])

const summaryOf = (arm: string, results: readonly ArmResult[]): ArmSummary => {
  const own = results.filter((result) => result.arm === arm)
  const pairs = own.flatMap(({ seed, passes, startPasses }) => pairsOf(passes, startPasses, seed))
  const gain = clustered(pairs)
  return {
    arm,
    seeds: own.length,
    rate: meanOf(own.map(({ passes }) => passes)),
    startRate: meanOf(own.map(({ startPasses }) => startPasses)),
    ...(gain && { gain }),
    bySeed: own.map(({ seed, passes, startPasses }) => ({
      seed,
      gain: difference(pairsOf(passes, startPasses, seed)),
    })),
    cost: own.map(({ cost }) => cost).reduce(plus, { minutes: 0, rows: 0, tokens: 0, paidTokens: 0, money: 0 }),
  }
}

const contrastOf = (arm: string, against: string, results: readonly ArmResult[]): Contrast => {
  const bySeed = results
    .filter((result) => result.arm === arm)
    .flatMap(({ seed, passes }) => {
      const other = results.find((result) => result.arm === against && result.seed === seed)
      return other ? [{ seed, pairs: pairsOf(passes, other.passes, seed) }] : []
    })
  const found = clustered(bySeed.flatMap(({ pairs }) => pairs))
  return {
    arm,
    against,
    ...(found && { difference: found, p: found.pGain }),
    bySeed: bySeed.map(({ seed, pairs }) => ({ seed, difference: difference(pairs) })),
  }
}

type Passes = ArmResult['passes']

const pairsOf = (first: Passes, second: Passes, seed: number): Paired[] =>
  Object.keys(first)
    .filter((id) => Object.hasOwn(second, id))
    .map((id) => ({ family: `seed ${seed}`, difference: Number(first[id]) - Number(second[id]) }))

const difference = (pairs: readonly Paired[]): number =>
  pairs.length === 0 ? 0 : pairs.reduce((sum, pair) => sum + pair.difference, 0) / pairs.length

const meanOf = (all: readonly Passes[]): number => {
  const values = all.flatMap((passes) => Object.values(passes))
  return values.length === 0 ? 0 : values.filter(Boolean).length / values.length
}

const plus = (a: Cost, b: Cost): Cost => ({
  minutes: a.minutes + b.minutes,
  rows: a.rows + b.rows,
  tokens: a.tokens + b.tokens,
  paidTokens: a.paidTokens + b.paidTokens,
  money: a.money + b.money,
})

const names: Readonly<Record<string, string>> = {
  uniform: 'even rows',
  'error-weighted': 'rows by error counts',
  statistical: 'the statistical analyst',
  llm: 'the LLM analyst',
  placebo: 'the placebo analyst',
  prompt: 'the best prompt for the untouched student',
}

const nameOf = (arm: string): string => names[arm] ?? arm

/** What the data support, and no more. */
const sentenceOf = (summaries: readonly ArmSummary[], contrasts: readonly Contrast[], decides: boolean): string => {
  const told = contrasts.flatMap(({ arm, against, difference: found, holm: corrected }) => {
    if (!found) return []
    const by = `${nameOf(arm)} against ${nameOf(against)}: ${points(found.difference)} points (95 % ${points(found.low)} to ${points(found.high)}${corrected === undefined ? '' : `, Holm p ${corrected.toFixed(3)}`})`
    return [{ by, shown: (corrected ?? 1) < level, arm, against }]
  })
  const seeds = summaries.length === 0 ? 0 : Math.min(...summaries.map((summary) => summary.seeds))
  if (told.length === 0)
    return `${seeds} ${seeds === 1 ? 'seed' : 'seeds'} and ${summaries.length} arms: too few to compare. Two seeds of two arms are the least.`
  const shown = told.filter((one) => one.shown)
  const found =
    shown.length === 0
      ? 'No difference between the arms stands out from the noise of training'
      : `${shown.map(({ arm, against }) => `${nameOf(arm)} gained more than ${nameOf(against)}`).join('; ')}`
  const weight = decides
    ? `With ${seeds} paired seeds that is a result`
    : `With ${seeds} paired seeds this describes; ${seedsToDecide} decide`
  return `${capital(found)}. ${weight}. ${capital(told.map(({ by }) => by).join('; '))}.`
}

const points = (rate: number): string => `${rate < 0 ? '−' : '+'}${Math.abs(rate * 100).toFixed(1)}`
/** A key of the config stays as it is written. */
const capital = (text: string): string => (text.includes('=') ? text : text.slice(0, 1).toUpperCase() + text.slice(1))
