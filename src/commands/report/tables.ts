import type { TeacherYield } from '../../core/contract.ts'
import { tallyText } from '../../core/teacher/tally.ts'
import { count, duration, percent, plural, points, tagsText } from '../format.ts'
import type { AimedRow, Belief, DataRow, ProtectedRow, Report, TargetRow, VerdictRow } from './model.ts'
import { changeText, probability, roundText, statusText, targetText } from './text.ts'

/** Words that Markdown and HTML share, so that both say the same. */

/** Columns of `rowCounts`, behind the round's. */
export const rowCountHeads = ['made', 'near-duplicates', 'leaked', 'rejected', 'accepted', 'replayed', 'trained on']
export const rowCounts = (row: DataRow): number[] => [
  row.made,
  row.duplicates,
  row.leaked,
  row.rejected,
  row.accepted,
  row.replayed,
  row.trained,
]

/** What people did to a round's items; nothing where they did not. */
export const editedText = ({ edited }: DataRow): string[] =>
  edited > 0 ? [`${plural(edited, 'item')} changed by a person, and validated again`] : []

/** What became of what a teacher wrote to one prompt, and how alike it is. */
export const taughtText = (row: TeacherYield): string => {
  const measures = [
    ...(row.spread == null ? [] : [`different three-word sequences: ${percent(row.spread)}`]),
    ...(row.meaning == null ? [] : [`apart in meaning: ${row.meaning.toFixed(2)} of 1`]),
  ]
  return `${tallyText(row)}${measures.length > 0 ? ` (${measures.join('; ')})` : ''}`
}

export const goalText = ({ pass, measure }: TargetRow): string =>
  measure === 'pooled' ? `≥ ${pass}` : `≥ ${Number((pass * 100).toFixed(1))} %`

/** Items that a target's status counts: of the best student, of the last one while there is none. */
export const countedItems = ({ rounds }: TargetRow, best: number): number =>
  (rounds.find(({ round }) => best > 0 && round === best) ?? rounds.at(-1))?.gate.n ?? 0

/** "PASS" of the best round, and that it may not drop. */
export const bestStatus = ({ best }: TargetRow): string => statusText(best)

/** Rounds as columns: "base", "round 1", "round 2 (best)". */
export const roundHead = (round: number, best: number): string =>
  round === best && round > 0 ? `${roundText(round)} (best)` : roundText(round)

/** Reasons are clauses; a criterion that begins one keeps its small letter. */
export const sentence = (reason: string): string => `${reason}${/[.!?]$/.test(reason) ? '' : '.'}`

export const verdictWord = { promote: 'promoted', hold: 'held', reject: 'rejected' } as const

/** The numbers behind a verdict, as label and value. */
export const verdictFacts = ({ primary, alpha, smallestDetectable, against }: VerdictRow): [string, string][] => [
  [
    `${primary.of}, from ${roundText(against)}`,
    primary.difference === null
      ? 'not compared'
      : `${percent(primary.incumbentRate)} → ${percent(primary.candidateRate)}, ${changeText(primary)}`,
  ],
  [
    'discordant pairs',
    `${count(primary.gains)} gained, ${count(primary.losses)} lost, of ${count(primary.rows)} items in ${count(primary.families)} families`,
  ],
  ['one-sided p', `${probability(primary.p)}, alpha spent on this look ${probability(alpha)}`],
  [
    'smallest detectable gain',
    smallestDetectable === null
      ? 'not known: no pair differs'
      : `${points(smallestDetectable).replace('+', '')} points`,
  ],
]

export const protectedStatus = {
  ok: 'held',
  breach: 'dropped',
  'too-few': 'too few items',
  floor: 'under its floor',
} as const

/** What a protected tag is held to. */
export const protectedRule = ({ rule, margin, floor }: ProtectedRow): string =>
  rule === 'floor' ? `at least ${percent(floor)}` : `at most ${points(margin).replace('+', '')} points lower`

export const protectedRates = ({ incumbentRate, candidateRate }: ProtectedRow): string =>
  incumbentRate === null ? percent(candidateRate) : `${percent(incumbentRate)} → ${percent(candidateRate)}`

export const protectedName = ({ of, where }: ProtectedRow): string => targetText(of, where)

export const authorText = (author: string | null): string => authorTexts[author ?? ''] ?? 'unknown author'

const authorTexts: Readonly<Record<string, string>> = {
  uniform: 'spread evenly',
  'error-weighted': 'in proportion to the errors of each tag',
  statistical: 'aimed by the statistical analyst',
  llm: 'aimed by the LLM analyst',
  placebo: 'aimed by an analyst that read shuffled failures',
  person: 'as a person wrote it',
}

export const hitText = ({ hit, moved }: Belief): string =>
  moved === null || hit === null ? 'not scored' : hit ? 'hit' : 'missed'

export const beliefText = ({ criterion, predictedWhere }: Belief): string => targetText(criterion, predictedWhere)

/** The first few dev items that a belief stands on. */
export const evidenceText = ({ evidence: ids }: Belief): string => {
  const shown = ids.slice(0, 4).join(', ')
  return ids.length > 4 ? `${shown} and ${count(ids.length - 4)} more` : shown
}

export const aimedName = ({ round }: AimedRow): string => (round === null ? 'all aimed rounds' : roundText(round))

export const partsText = (parts: Report['rounds'][number]['parts']): string =>
  parts
    .map(({ where, rows }) => {
      const tags = Object.keys(where).length > 0 ? `for ${tagsText(where)}` : 'spread over all tags'
      return `${plural(rows, 'row')} ${tags}`
    })
    .join(' · ')

/** Stages of all rounds in the order of the loop. */
export const stagesOf = ({ time }: Report): string[] => {
  const order = ['define', 'generate', 'validate', 'train', 'evaluate', 'gate', 'analyze']
  const found = new Set(time.flatMap(({ stages }) => Object.keys(stages)))
  return [...order.filter((stage) => found.has(stage)), ...[...found].filter((stage) => !order.includes(stage))]
}

export const secondsText = (seconds: number | undefined): string => {
  if (seconds === undefined) return '–'
  return seconds > 0 && seconds < 1 ? '< 1 s' : duration(seconds)
}

export const totalSeconds = ({ time }: Report): number => time.reduce((sum, { total }) => sum + total, 0)

/** Whether the targets are met, in one sentence. */
export const targetsSentence = ({ targetsMet, targetsTotal }: NonNullable<Report['headline']>): string => {
  if (targetsTotal === 0) return 'The skill sets no targets.'
  if (targetsMet === targetsTotal) return `All ${targetsTotal} targets are met.`
  return `${targetsMet} of ${targetsTotal} targets are met.`
}

export const bestSentence = ({ best }: NonNullable<Report['headline']>): string =>
  best > 0
    ? `The best student is that of round ${best}.`
    : 'No round was promoted: the untouched student is still the best.'

export const aimedCaution =
  'Read it with care: failures are picked because they failed, so a part of them passes by itself when it is measured again. Named tags also begin lower and have more room to rise, and tags share items, so the intervals are rough. Only a second run with uniform rows from the same start (whet compare) tells aiming from chance.'

/** What the numbers mean, in plain words. */
export const footnotes: readonly string[] = [
  'A rate is followed by its 95 % interval in brackets: if the same student answered many other sets of items of the same kind, about 95 of 100 such intervals would hold its true rate. Few items give wide intervals. They are Wilson intervals, widened where items of one family (made from one template) resemble each other.',
  'A change is followed by its 95 % interval in points, computed over pairs of answers to the same item and by family; “unpaired” ones are computed from two rates alone and are wider. An interval that includes 0 does not tell a gain from chance.',
  'A gate that is asked often promotes noise sooner or later. So the k-th candidate may only spend alpha / (k (k + 1)): over any number of rounds, the chance of promoting a student that is no better stays below alpha.',
  'Discordant pairs are items that exactly one of the two students gets right. Only they say which one is better.',
  'The smallest detectable gain is the one that this many items would find four times out of five. A smaller gain may be real and stay unseen.',
  'Items of the gate split decide promotion and are never shown; only rates leave it. All items and replies here are of the dev split, which the analyst reads. The sealed split is opened once, when the model is published: quote its numbers, not these.',
  'PASS and WARN compare the measured rate itself with the goal, not its interval.',
]
