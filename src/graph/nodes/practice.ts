import { existsSync } from 'node:fs'
import type { SpecFile } from '../../core/analyst.ts'
import { anchorsOf, directionsOf, evenedOut, namedIn } from '../../core/anchors.ts'
import type { AssistantTurn, ItemBase } from '../../core/contract.ts'
import { WhetError } from '../../core/errors.ts'
import type { EvaluationRow } from '../../core/evaluation.ts'
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
import { mulberry32, pick, type Random, seedFrom, shuffle } from '../../core/random.ts'
import type { Paired } from '../../core/round.ts'
import type { RoundFiles } from '../../core/workspace.ts'
import { firstWrongTurn } from '../blame.ts'
import type { SftRow } from '../check-items.ts'
import type { Deps, OpenStudent, Stage } from '../deps.ts'
import { evaluateItems } from '../evaluate-items.ts'
import { scratchPool } from '../scratch.ts'
import { type Frozen, readFrozen } from './define.ts'

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
    const rows = await evaluateItems({ items, file: round.practice, split: 'train', student, definition, deps })
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
      const others = fresh.filter(({ id }) => !apart.has(id)).slice(0, wanted)
      const held = others.flatMap(({ id }) => heldOf(id, golds.get(id), random))
      await writePairs(pairs, held, rows.length, round, deps)
    }
  } finally {
    await open?.close()
  }
  return {}
}

const wrongOf = (rows: readonly EvaluationRow[]) => rows.filter(hasFlaw).map(({ item }) => item.id)

/** One turn of the gold, any of an episode's. */
const heldOf = (id: string, gold: SftRow | undefined, random: Random): PreferenceRow[] => {
  if (!gold) return []
  const transcript = [...gold.prompt, ...gold.completion]
  const turns = transcript.flatMap(({ role }, at) => (role === 'assistant' && at >= gold.prompt.length ? [at] : []))
  const at = pick(random, turns)
  return [heldRow({ id, prompt: transcript.slice(0, at), tools: gold.tools }, transcript[at] as AssistantTurn)]
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

const pairsOf = async (
  rows: readonly EvaluationRow[],
  fresh: readonly ItemBase[],
  golds: ReadonlyMap<string, SftRow>,
  { definition }: Frozen,
  round: number,
  deps: Deps,
): Promise<Pair[]> => {
  const wrong: Pair[] = []
  const failed = new Set<string>()
  const pool = scratchPool(deps.scratch, 1)
  for (const row of rows) {
    const gold = golds.get(row.item.id)
    if (!gold || row.error || !hasFlaw(row)) continue
    failed.add(row.item.id)
    if (!isReadable(row, deps.plugin.format)) continue
    const found = await pool.use((scratch) => firstWrongTurn(row, definition, { ...deps, scratch }))
    if (found) wrong.push({ id: row.item.id, tools: gold.tools, source: 'student', ...found })
  }
  const most = Math.ceil(deps.config.train.kto.rows / 2)
  const others = fresh.filter(({ id }) => !failed.has(id))
  const spec = await readJson<SpecFile>(deps.files.round(round).spec)
  const groups = await namedMistakes(others.slice(0, choice * most), spec, golds, definition, deps)
  const { own, opposites } = evenedOut(wrong, groups, Math.ceil(most * ownAndOpposite))
  const had = [...own, ...opposites]
  const nearest = spec?.lever === 'harder'
  const fails = new Map(deps.plugin.mistakes.map((mistake) => [mistake.name, mistake.fails]))
  const failsOf = (source: string) => fails.get(source) ?? source
  return [...had, ...anchorsOf(groups, { wanted: Math.max(0, most - had.length), had, nearest, failsOf })]
}

/** Of the pairs: what the student got wrong and its opposites. The rest are named mistakes, each about as often as any other. */
const ownAndOpposite = 2 / 3

/** Items to choose from for each pair of a set: few of them ask or decline, and each direction needs its share. */
const choice = 4

/**
 * Named mistakes on requests that the student got right and on further fresh ones: the student need not answer those. Where the
 * analyst named mistakes for the tags of a request, these are taken.
 * @returns the pairs of each item
 */
const namedMistakes = async (
  items: readonly ItemBase[],
  spec: SpecFile | undefined,
  golds: ReadonlyMap<string, SftRow>,
  definition: unknown,
  deps: Deps,
): Promise<(readonly Pair[])[]> => {
  const groups: (readonly Pair[])[] = []
  for (const item of items) {
    deps.signal.throwIfAborted()
    const gold = golds.get(item.id)
    if (gold) groups.push(namedIn(spec?.spec.parts ?? [], item, await mistakesOf(item, gold, definition, deps)))
  }
  return groups
}

/**
 * What fails a criterion, and a single reply that one warns of: nearly right is what judgement learns most from. Of a longer episode
 * that is nearly right nobody could say which turn made it so.
 */
const hasFlaw = ({ grade, transcript }: EvaluationRow): boolean => {
  const has = (status: string) => Object.values(grade.criteria).some((verdict) => verdict.status === status)
  return has('fail') || (has('warn') && transcript.filter(({ role }) => role === 'assistant').length === 1)
}

/** A plausible mistake fails something else than the format. */
const isReadable = ({ grade }: EvaluationRow, format: string) => grade.criteria[format]?.status === 'pass'

/** The plugin's mistakes that can be made on this item and that fail what they name, each against the gold's turn there. */
const mistakesOf = async (item: ItemBase, gold: SftRow, definition: unknown, deps: Deps): Promise<Pair[]> => {
  const { plugin, signal, config } = deps
  const transcript = [...gold.prompt, ...gold.completion]
  const made: Pair[] = []
  for (const { name, fails, apply } of plugin.mistakes) {
    if (fails === plugin.format) continue // the form is learned already: judgement is what is left
    const mistake = apply(item, transcript, definition, seedFrom(config.seed, name, item.id))
    const good = mistake && transcript[mistake.at]
    if (!mistake || good?.role !== 'assistant') continue
    const prompt = transcript.slice(0, mistake.at)
    const grade = await plugin.grade(item, [...prompt, mistake.turn], definition, { signal })
    if (grade.criteria[fails]?.status === 'fail')
      made.push({
        id: item.id,
        prompt,
        tools: gold.tools,
        good: good as AssistantTurn,
        bad: mistake.turn,
        source: name,
      })
  }
  return made
}

const tooFew = (pairs: number, answered: number) =>
  new WhetError({
    code: 'too-few-pairs',
    message: `${answered} practice answers gave ${pairs} pairs and ${fewestPairs} are needed: the student makes too few readable mistakes. Set train.kto.enabled: false, or raise train.kto.practice and loop.rows.`,
    fixedBy: 'config',
    data: { pairs, answered },
  })
