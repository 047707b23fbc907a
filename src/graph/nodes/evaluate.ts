import type { ItemBase } from '../../core/contract.ts'
import type { EvaluationRow } from '../../core/evaluation.ts'
import { readJsonl } from '../../core/jsonl.ts'
import { measure } from '../../core/rates.ts'
import type { Deps, OpenStudent, Stage } from '../deps.ts'
import { duel } from '../duel.ts'
import { evaluateItems } from '../evaluate-items.ts'
import { type Frozen, readFrozen } from './define.ts'

const splits = ['dev', 'gate'] as const

/** The candidate, served once, answers dev and gate; every reply is stored with its grade and reasons. */
export const evaluate: Stage = async (state, deps) => {
  const frozen = await readFrozen(deps.files, deps.plugin)
  const round = deps.files.round(state.round)
  let open: OpenStudent | undefined
  const student = async () => {
    open ??= await deps.students.open(
      { adapter: state.round > 0 ? round.adapter : null, model: round.model },
      deps.signal,
    )
    deps.emit({ type: 'server.started', data: {} })
    return open.student
  }
  try {
    for (const split of splits) {
      const { rows: items } = await readJsonl<ItemBase>(deps.files.split(split))
      const rows = await evaluateItems({
        items,
        file: round.evaluation(split),
        split,
        student,
        definition: frozen.definition,
        judge: deps.llm('judge'),
        deps,
      })
      report(split, rows, frozen, deps)
    }
  } finally {
    await open?.close()
  }
  await duel(state, deps)
  return {}
}

const report = (split: 'dev' | 'gate', rows: readonly EvaluationRow[], frozen: Frozen, deps: Deps) => {
  const measured = measure(rows, deps.plugin.targets(frozen.definition))
  deps.emit({
    type: 'eval.finished',
    data: {
      split,
      rows: rows.length,
      rates: Object.fromEntries(measured.map(({ of, passes, n }) => [of, { passes, n }])),
    },
  })
}
