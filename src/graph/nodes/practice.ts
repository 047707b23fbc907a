import type { AssistantTurn, ItemBase } from '../../core/contract.ts'
import { WhetError } from '../../core/errors.ts'
import type { EvaluationRow } from '../../core/evaluation.ts'
import { readJson, readJsonl, writeJson, writeJsonl } from '../../core/jsonl.ts'
import { lintPairs } from '../../core/pair-lint.ts'
import { balanced, fewestPairs, interleave, leanOf, type Pair } from '../../core/pairs.ts'
import { seedFrom } from '../../core/random.ts'
import type { Paired } from '../../core/round.ts'
import type { SftRow } from '../check-items.ts'
import type { Deps, OpenStudent, Stage } from '../deps.ts'
import { evaluateItems } from '../evaluate-items.ts'
import { type Frozen, readFrozen } from './define.ts'

/**
 * The best student answers the round's fresh training items. What it gets wrong is set against the gold of the same request;
 * what it gets right, against a named mistake, chosen so that the form of a reply tells as little as possible.
 * @throws {WhetError} too-few-pairs
 */
export const practice: Stage = async (state, deps) => {
  const round = deps.files.round(state.round)
  if (await readJson<Paired>(round.paired)) return {}
  const frozen = await readFrozen(deps.files, deps.plugin)
  const golds = new Map((await readJsonl<SftRow>(round.accepted)).rows.map((row) => [row.id, row]))
  const items = (await practised(round.items, golds)).slice(0, deps.config.train.kto.practice)
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
    const pairs = await pairsOf(rows, golds, frozen, deps)
    if (pairs.length < fewestPairs) throw tooFew(pairs.length, rows.length)
    const preferences = interleave(pairs)
    await writeJsonl(round.kto, preferences)
    const lint = lintPairs(preferences)
    const fromStudent = pairs.filter(({ source }) => source === 'student').length
    const counts = { practised: rows.length, pairs: pairs.length, fromStudent }
    await writeJson(round.paired, { ...counts, lint } satisfies Paired)
    const tells = { length: lint.length, form: lint.form, word: lint.word?.accuracy ?? null }
    deps.emit({ type: 'pairs.made', data: { ...counts, tells, warnings: lint.warnings } })
  } finally {
    await open?.close()
  }
  return {}
}

/** Items whose gold passed validation and is one reply: a pair is two replies to one prompt. */
const practised = async (file: string, golds: ReadonlyMap<string, SftRow>): Promise<ItemBase[]> => {
  const turns = new Map<string, number>()
  for (const id of golds.keys()) turns.set(itemOf(id), (turns.get(itemOf(id)) ?? 0) + 1)
  return (await readJsonl<ItemBase>(file)).rows.filter(({ id }) => turns.get(id) === 1)
}

const itemOf = (row: string) => row.slice(0, row.lastIndexOf('#'))

const pairsOf = async (
  rows: readonly EvaluationRow[],
  golds: ReadonlyMap<string, SftRow>,
  { definition }: Frozen,
  deps: Deps,
): Promise<Pair[]> => {
  const goldOf = new Map([...golds].map(([id, row]) => [itemOf(id), row]))
  const wrong: Pair[] = []
  const right: { readonly gold: SftRow; readonly row: EvaluationRow }[] = []
  for (const row of rows) {
    const gold = goldOf.get(row.item.id)
    if (!gold || row.error) continue
    const bad = wrongReply(row, deps.plugin.format)
    if (bad) wrong.push(pair(gold, bad, 'student'))
    else if (passes(row)) right.push({ gold, row })
  }
  const candidates = await Promise.all(
    right.slice(0, Math.max(wrong.length, fewestPairs)).map(async ({ gold, row }) => ({
      gold,
      good: gold.completion[0],
      bads: await mistakesOf(row.item, gold, definition, deps),
    })),
  )
  const lean = wrong.reduce((sum, { good, bad }) => sum + leanOf(good, bad), 0)
  const anchors = balanced(candidates, lean).flatMap((bad, at) => {
    const gold = candidates[at]?.gold
    return bad && gold ? [pair(gold, bad.turn, bad.name)] : []
  })
  return [...wrong, ...anchors]
}

const pair = ({ id, prompt, tools, completion: [good] }: SftRow, bad: AssistantTurn, source: string): Pair => ({
  id: itemOf(id),
  prompt,
  tools,
  good,
  bad,
  source,
})

const passes = ({ grade }: EvaluationRow) => !Object.values(grade.criteria).some(({ status }) => status === 'fail')

/** The student's reply where it is a plausible mistake: readable, and failing something else than the format. */
const wrongReply = ({ transcript, grade }: EvaluationRow, format: string): AssistantTurn | undefined => {
  if (grade.criteria[format]?.status !== 'pass') return undefined
  const failed = Object.entries(grade.criteria).some(([name, { status }]) => name !== format && status === 'fail')
  const turn = transcript.find((message) => message.role === 'assistant')
  return failed && turn?.role === 'assistant' ? turn : undefined
}

/** The plugin's mistakes that can be made on this item and that fail what they name. */
const mistakesOf = async (item: ItemBase, gold: SftRow, definition: unknown, deps: Deps) => {
  const { plugin, signal, config } = deps
  const transcript = [...gold.prompt, ...gold.completion]
  const made = []
  for (const { name, fails, apply } of plugin.mistakes) {
    const mistake = apply(item, transcript, definition, seedFrom(config.seed, name, item.id))
    if (!mistake) continue
    const grade = await plugin.grade(item, [...gold.prompt, mistake.turn], definition, { signal })
    if (grade.criteria[fails]?.status === 'fail') made.push({ turn: mistake.turn, name })
  }
  return made
}

const tooFew = (pairs: number, answered: number) =>
  new WhetError({
    code: 'too-few-pairs',
    message: `${answered} practice answers gave ${pairs} pairs and ${fewestPairs} are needed: the student makes too few readable mistakes. Set train.kto.enabled: false, or raise train.kto.practice.`,
    fixedBy: 'config',
    data: { pairs, answered },
  })
