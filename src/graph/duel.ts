import type { EvaluationRow } from '../core/evaluation.ts'
import { readJson, readJsonl, writeJson } from '../core/jsonl.ts'
import { type Duels, duelsOf } from '../core/judge/duels.ts'
import type { Deps } from './deps.ts'
import type { State } from './state.ts'

/** With a judge, and a question about pairs in the skill's rubric: the round's dev replies against the base's. Asked once a round. */
export const duel = async ({ round }: State, deps: Deps): Promise<void> => {
  const question = deps.plugin.rubrics.find(({ pairwise }) => pairwise !== undefined)?.pairwise
  const judge = deps.llm('judge')
  const { duels } = deps.files.round(round)
  if (round === 0 || !judge || question === undefined || (await readJson<Duels>(duels))) return
  const [base, candidate] = await Promise.all(
    [deps.files.round(0).evaluation('dev'), deps.files.round(round).evaluation('dev')].map(
      async (file) => (await readJsonl<EvaluationRow>(file)).rows,
    ),
  )
  const progress = (done: number, total: number) =>
    deps.emit({ type: 'stage.progress', data: { done, total, what: 'pairs judged against the base' } })
  await writeJson(duels, await duelsOf(base ?? [], candidate ?? [], { judge, model: judge.model, question }, progress))
}
