import { existsSync } from 'node:fs'
import { directionsOf } from '../../core/anchors.ts'
import type { AssistantTurn, ItemBase } from '../../core/contract.ts'
import { WhetError } from '../../core/errors.ts'
import type { EvaluationRow } from '../../core/evaluation.ts'
import { heldLike } from '../../core/held.ts'
import { readJson, readJsonl, writeJson, writeJsonl } from '../../core/jsonl.ts'
import { lintPairs } from '../../core/pair-lint.ts'
import {
  fewestPairs,
  heldRow,
  interleave,
  type Pair,
  type PreferenceRow,
  preferred,
  spreadBetween,
} from '../../core/pairs.ts'
import { mulberry32, type Random, seedFrom, shuffle } from '../../core/random.ts'
import type { Paired } from '../../core/round.ts'
import type { RoundFiles } from '../../core/workspace.ts'
import type { SftRow } from '../check-items.ts'
import type { Deps, OpenStudent, Stage } from '../deps.ts'
import { evaluateItems } from '../evaluate-items.ts'
import { hasFlaw, pairsOf } from '../make-pairs.ts'
import { readFrozen } from './define.ts'

/**
 * The best student answers the round's fresh training items. What it gets wrong is set against the gold of the same request.
 * Named mistakes on other requests fill the set up to the rows that were asked for: both halves of every judgement, evenly.
 * @throws {WhetError} too-few-pairs · nothing-to-reward
 */
export const practice: Stage = async (state, deps) => {
  const round = deps.files.round(state.round)
  const rewarded = state.teaches === 'grpo'
  if (rewarded ? existsSync(round.grpo) : await readJson<Paired>(round.paired)) return {}
  const frozen = await readFrozen(deps.files, deps.plugin)
  const golds = new Map((await readJsonl<SftRow>(round.accepted)).rows.map((row) => [itemOf(row.id), row]))
  const made = (await readJsonl<ItemBase>(round.items)).rows.filter(({ id }) => golds.has(id))
  // items lie in the order of the spec's parts: the first of them would practise one weakness and no other
  const fresh = shuffle(mulberry32(seedFrom(deps.config.seed, 'practice', state.round)), made)
  const items = fresh.slice(0, deps.config.train[rewarded ? 'grpo' : 'kto'].practice)
  const best = deps.files.round(state.best)
  let open: OpenStudent | undefined
  const student = async () => {
    open ??= await deps.students.open({ adapter: best.adapter, model: best.model }, deps.signal)
    deps.emit({ type: 'server.started', data: {} })
    return open.student
  }
  try {
    const { definition } = frozen
    const { temperature } = deps.config.train.kto
    const sampled = !rewarded && temperature > 0 ? { sampling: { temperature, repetition: 0 } } : {}
    const file = round.practice
    const rows = await evaluateItems({ items, file, split: 'train', student, definition, deps, ...sampled })
    if (rewarded)
      await writeJsonl(
        round.grpo,
        halfSolved(rows).map(({ item }) => ({ id: item.id })),
      )
    else {
      const random = mulberry32(seedFrom(deps.config.seed, 'pairs', state.round))
      const pairs = shuffle(random, await pairsOf(rows, fresh, golds, frozen, state.round, deps))
      const apart = new Set([...pairs.map(({ id }) => id), ...wrongOf(rows)])
      const { judgement, kto } = deps.config.train
      const wanted = judgement === 'kto' ? Math.round(pairs.length * kto.hold) : 0 // DPO learns from pairs alone
      // the round's own requests first: they are new to the student, and what it holds there it learns too
      const others = fresh.flatMap(({ id }) => (apart.has(id) ? [] : (golds.get(id) ?? [])))
      const known = (await readJsonl<SftRow>(round.sft)).rows.filter(({ id }) => !golds.has(itemOf(id)))
      const candidates = [...others, ...shuffle(random, known)].flatMap((gold) => turnsOf(gold, random))
      const held = heldLike(pairs, candidates, wanted).map(({ gold, at }) => heldOf(gold, at))
      await writePairs(pairs, held, rows.length, round, deps)
    }
  } finally {
    await open?.close()
  }
  return {}
}

const wrongOf = (rows: readonly EvaluationRow[]) => rows.filter(hasFlaw).map(({ item }) => item.id)

/** The assistant's turns of a gold, in any order. */
const turnsOf = (gold: SftRow, random: Random) => {
  const turns = [...gold.prompt, ...gold.completion].flatMap((turn, at) =>
    turn.role === 'assistant' && at >= gold.prompt.length ? [{ of: gold.id, gold, turn, at }] : [],
  )
  return shuffle(random, turns)
}

const heldOf = (gold: SftRow, at: number): PreferenceRow => {
  const transcript = [...gold.prompt, ...gold.completion]
  const request = { id: itemOf(gold.id), prompt: transcript.slice(0, at), tools: gold.tools }
  return heldRow(request, transcript[at] as AssistantTurn)
}

const writePairs = async (
  pairs: readonly Pair[],
  held: readonly PreferenceRow[],
  practised: number,
  round: RoundFiles,
  deps: Deps,
): Promise<void> => {
  if (pairs.length < fewestPairs) throw tooFew(pairs.length, practised)
  const preferences = interleave(pairs)
  await writeJsonl(round.kto, spreadBetween(preferences, held))
  await writeJsonl(round.dpo, pairs.map(preferred))
  const lint = lintPairs(preferences)
  const fromStudent = pairs.filter(({ source }) => source === 'student').length
  const counts = { practised, pairs: pairs.length, fromStudent, held: held.length }
  const taught = directionsOf(pairs)
  await writeJson(round.paired, { ...counts, directions: taught, lint } satisfies Paired)
  const tells = { length: lint.length, form: lint.form, word: lint.word?.accuracy ?? null }
  deps.emit({ type: 'pairs.made', data: { ...counts, directions: taught, tells, warnings: lint.warnings } })
}

/** With fewer prompts a step would play the same ones over and over. */
const fewestPrompts = 4

/**
 * Items that the student answered partly right, the middling ones first: where all episodes end alike, nothing is learned.
 * Where there are too few of them, what it gets wrong altogether is taken too.
 * @throws {WhetError} nothing-to-reward
 */
export const halfSolved = (rows: readonly EvaluationRow[]): EvaluationRow[] => {
  const open = rows.filter((row) => !row.error && row.grade.score < 0.999)
  const middling = ({ grade }: EvaluationRow) => Math.abs(grade.score - 0.5)
  const ordered = [...open].sort((a, b) => middling(a) - middling(b) || (a.item.id < b.item.id ? -1 : 1))
  const half = ordered.filter(({ grade }) => grade.score > 0)
  const chosen = half.length >= fewestPrompts ? half : ordered
  if (chosen.length >= fewestPrompts) return chosen
  throw new WhetError({
    code: 'nothing-to-reward',
    message: `Of ${rows.length} practice answers ${chosen.length} leave something to learn and ${fewestPrompts} are needed. Set train.grpo.enabled: false, or raise train.grpo.practice.`,
    fixedBy: 'config',
    data: { answered: rows.length, left: chosen.length },
  })
}

const itemOf = (row: string) => row.slice(0, row.lastIndexOf('#'))

const tooFew = (pairs: number, answered: number) =>
  new WhetError({
    code: 'too-few-pairs',
    message: `${answered} practice answers gave ${pairs} pairs and ${fewestPairs} are needed: the student makes too few readable mistakes. Set train.kto.enabled: false, or raise train.kto.practice and loop.rows.`,
    fixedBy: 'config',
    data: { pairs, answered },
  })
