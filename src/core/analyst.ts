import type { Dimensions, GenerationSpec, Hypothesis, SpecPart, Split, Tags } from './contract.ts'
import { matches } from './evaluation.ts'
import { type FailingItem, type FailureCell, type FailureReport, leastEvidence } from './failures.ts'
import type { Lever } from './levers.ts'
import { chanceOfHit, expectedRise, type PredictionScore } from './predictions.ts'
import { seedFrom } from './random.ts'
import type { Author, Lesson } from './round.ts'

export { type PredictionScore, scorePredictions } from './predictions.ts'

/** `spec.json`: what a round generates, why, and who said so. */
export interface SpecFile {
  readonly spec: GenerationSpec
  readonly hypotheses: readonly Hypothesis[]
  readonly author: Author
  readonly fellBack?: string // why the LLM analyst did not write it
  readonly scored?: readonly PredictionScore[]
  readonly lesson?: Lesson
  readonly lever?: Lever // what was changed because the last round gained nothing
}

const mostHypotheses = 10
const mostEvidence = 50
/** Rows of the overall rate that each cell is mixed with: a cell of five rows says little on its own. */
const priorRows = 8
/** A tag that fails this often is worth rows even where everything else fails as often. */
const highFailure = 0.5
/** A tag that nearly every item has aims at nothing. */
const nearlyAll = 0.95

export interface AnalystInput {
  readonly report: FailureReport
  readonly dimensions: Dimensions // all that a spec may name
  /** `rows`: the targeted ones. `uniform`: the share of the round that the controller spreads evenly on top of them. */
  readonly loop: { readonly rows: number; readonly uniform: number; readonly maxShare: number }
  readonly history: readonly PredictionScore[]
  readonly seed: number // breaks ties
}

/** Rows spread evenly: a part that names no tag, which the plugin's generator spreads over its own strata. */
export const uniformParts = (rows: number): SpecPart[] => (rows > 0 ? [{ where: {}, rows }] : [])

export const uniformSpec = (of: {
  readonly rows: number
  readonly seed: number
  readonly split?: Split
}): GenerationSpec => ({
  seed: of.seed,
  split: of.split ?? 'train',
  parts: uniformParts(of.rows),
})

/**
 * Aims the targeted rows of a round at the tags that hold most failures, without a model: the same report and history
 * give the same spec.
 *
 * A tag, or two together, is a candidate where it fails more than all rows do (its interval by family lies above their
 * rate) or very often, on at least 5 failing items of 3 families. Candidates are taken by unclaimed failures times
 * shrunken failure rate; a failing item speaks for one hypothesis only, or one fault would be counted under ten names.
 * No tag gets more than `maxShare` of the round's new rows, so the parts may sum to less than `loop.rows`: the rest is
 * the controller's to spread.
 */
export const statisticalAnalyst = (input: AnalystInput): { parts: SpecPart[]; hypotheses: Hypothesis[] } => {
  const aims = chooseAims(input)
  const rows = allot(aims, input.loop)
  const hypotheses = aims
    .map((aim, at) => ({ aim, rows: rows[at] ?? 0 }))
    .filter((entry) => entry.rows > 0)
    .map((entry) => hypothesisOf(entry.aim, entry.rows, input.history))
  return { parts: hypotheses.map(({ part }) => part), hypotheses }
}

interface Candidate {
  readonly cell: FailureCell
  readonly failing: readonly FailingItem[]
  readonly rate: number // shrunken failure rate
  readonly overall: number // failure rate of all rows
}

interface Aim extends Candidate {
  readonly evidence: readonly FailingItem[] // failing items that no earlier aim speaks for
  readonly weight: number
}

const chooseAims = (input: AnalystInput): Aim[] => {
  let left = candidatesOf(input)
  const claimed = new Set<string>()
  const aims: Aim[] = []
  while (aims.length < mostHypotheses) {
    const best = heaviest(left, claimed)
    if (!best) break
    aims.push(best)
    for (const { id } of best.evidence) claimed.add(id)
    left = left.filter(({ cell }) => keyOf(cell.where) !== keyOf(best.cell.where))
  }
  return aims
}

const heaviest = (candidates: readonly Candidate[], claimed: ReadonlySet<string>): Aim | undefined => {
  let best: Aim | undefined
  for (const candidate of candidates) {
    const evidence = candidate.failing.filter(({ id }) => !claimed.has(id))
    if (!carries(evidence)) continue
    const weight = evidence.length * candidate.rate
    if (!best || weight > best.weight) best = { ...candidate, evidence, weight }
  }
  return best
}

const carries = (items: readonly FailingItem[]): boolean =>
  items.length >= leastEvidence.items && new Set(items.map(({ family }) => family)).size >= leastEvidence.families

/** In an order that belongs to the seed: of two equal candidates neither the alphabet nor the plugin decides. */
const candidatesOf = ({ report, dimensions, seed }: AnalystInput): Candidate[] => {
  const cells = [...report.cells, ...report.pairs.filter((pair) => worseThanItsParts(pair, report))]
  return cells
    .filter(({ where }) => isDeclared(where, dimensions))
    .filter(({ rows }) => rows < nearlyAll * report.rows)
    .map((cell) => candidateOf(cell, report))
    .filter((candidate) => carries(candidate.failing) && isWorthIt(candidate))
    .map((candidate) => ({ candidate, place: seedFrom(seed, candidate.cell.criterion, keyOf(candidate.cell.where)) }))
    .sort((a, b) => a.place - b.place)
    .map(({ candidate }) => candidate)
}

const candidateOf = (cell: FailureCell, report: FailureReport): Candidate => {
  const overall = failureRate(report.overall.find(({ criterion }) => criterion === cell.criterion))
  const failing = report.failing.filter((item) => item.criteria.includes(cell.criterion) && matches(item, cell.where))
  const rate = (cell.n - cell.passes + priorRows * overall) / (cell.n + priorRows)
  return { cell, failing, rate, overall }
}

const isWorthIt = ({ cell, rate, overall }: Candidate): boolean => leastFailure(cell) > overall || rate >= highFailure

/** Two tags together are named only where they surely fail more than each alone does. */
const worseThanItsParts = (pair: FailureCell, report: FailureReport): boolean =>
  Object.entries(pair.where).every(([dimension, values]) => {
    const part = report.cells.find(
      ({ criterion, where }) => criterion === pair.criterion && keyOf(where) === keyOf({ [dimension]: values }),
    )
    return part !== undefined && leastFailure(pair) > failureRate(part)
  })

const failureRate = (cell: FailureCell | undefined): number => (cell?.n ? 1 - cell.passes / cell.n : 0)
const leastFailure = ({ interval }: FailureCell): number => (interval ? 1 - interval.high : 0)

const isDeclared = (where: Tags, dimensions: Dimensions): boolean =>
  Object.entries(where).every(
    ([dimension, values]) =>
      Object.hasOwn(dimensions, dimension) && values.every((value) => dimensions[dimension]?.includes(value)),
  )

const keyOf = (where: Tags): string => JSON.stringify(Object.entries(where).sort(([a], [b]) => (a < b ? -1 : 1)))

/** Rows by weight, one at a time to whoever is furthest behind (Sainte-Laguë), while every tag of the part has room. */
const allot = (aims: readonly Aim[], { rows, uniform, maxShare }: AnalystInput['loop']): number[] => {
  const round = uniform < 1 ? Math.round(rows / (1 - uniform)) : rows
  const most = Math.floor(maxShare * round)
  const used = new Map<string, number>()
  const given = aims.map(() => 0)
  const tags = aims.map(({ cell }) => tagsOf(cell.where))
  for (let row = 0; row < rows; row += 1) {
    let next = -1
    for (const [at, aim] of aims.entries()) {
      if (tags[at]?.some((tag) => (used.get(tag) ?? 0) >= most)) continue
      if (next < 0 || aim.weight / (2 * given[at]! + 1) > aims[next]!.weight / (2 * given[next]! + 1)) next = at
    }
    if (next < 0) break
    given[next]! += 1
    for (const tag of tags[next]!) used.set(tag, (used.get(tag) ?? 0) + 1)
  }
  return given
}

const tagsOf = (where: Tags): string[] =>
  Object.entries(where).flatMap(([dimension, values]) => values.map((value) => JSON.stringify([dimension, value])))

const hypothesisOf = ({ cell, evidence, rate, overall }: Aim, rows: number, history: readonly PredictionScore[]) => {
  const { where, criterion } = cell
  const predicts = {
    criterion,
    where,
    points: rounded(expectedRise(rate, history)),
    probability: rounded(chanceOfHit(history)),
  }
  return {
    evidence: evidence.slice(0, mostEvidence).map(({ id }) => id),
    part: { where, rows },
    stage: 'sft',
    predicts,
    note: noteOf(cell, overall),
  } satisfies Hypothesis
}

/** For people only. Made of counts and declared names: nothing that a student wrote can be in it. */
const noteOf = ({ where, criterion, n, passes, failures }: FailureCell, overall: number): string => {
  const tags = Object.entries(where).map(([dimension, values]) => `${dimension} = ${values.join(' or ')}`)
  const [common] = Object.entries(failures).sort(([, a], [, b]) => b - a)
  const most = common ? `; most often ${common[0]} (${common[1]})` : ''
  const text = `${n - passes} of ${n} items with ${tags.join(', ')} fail ${criterion}, ${Math.round(overall * 100)} % of all do${most}`
  return text.slice(0, 300)
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000
