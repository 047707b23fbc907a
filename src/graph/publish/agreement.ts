import path from 'node:path'
import { canonical } from '../../core/canonical.ts'
import type { ItemBase, Transcript } from '../../core/contract.ts'
import { type EvaluationRow, outcomeOf } from '../../core/evaluation.ts'
import { clustered } from '../../core/stats.ts'
import type { OpenStudent } from '../deps.ts'
import { type EvaluateOptions, evaluateItems } from '../evaluate-items.ts'

/** The forms in which a student is written. `adapter` is the one that was trained: the others are held against it. */
export type Form = 'adapter' | 'merged' | 'f16' | 'q8_0'

/** How far the exported forms say what the adapter says, greedily, on the same items. */
export interface Agreement {
  readonly split: 'dev' | 'gate'
  readonly of: string // the criterion that is counted
  readonly forms: readonly FormAgreement[]
}

export interface FormAgreement {
  readonly form: Form
  readonly items: number
  readonly same: number // items on which every reply is the adapter's, word for word
  readonly passes: number
  readonly scored: number
  readonly adapterPasses: number // of the same items, by the adapter
  readonly difference?: { readonly rate: number; readonly low?: number; readonly high?: number } // rate minus the adapter's, 95 % by family
}

/** transformers answers slowly: the merged folder, whose arithmetic is the adapter's, is asked no more than this. */
const mostOfMerged = 20

/**
 * Plays the items with each form in turn (two servers at once would wait for each other).
 * @param open serves a form
 */
export const agree = async (
  forms: readonly Form[],
  items: readonly ItemBase[],
  of: { criterion: string; split: 'dev' | 'gate' } & Pick<EvaluateOptions, 'definition' | 'deps' | 'judge'>,
  open: (form: Form) => Promise<OpenStudent>,
): Promise<Agreement> => {
  const { criterion, split, ...evaluating } = of
  const play = async (form: Form, some: readonly ItemBase[]): Promise<EvaluationRow[]> => {
    const opened = await open(form)
    try {
      const file = path.join(evaluating.deps.scratch, `agreement-${form}.jsonl`)
      return await evaluateItems({ ...evaluating, items: some, file, split, student: async () => opened.student })
    } finally {
      await opened.close()
    }
  }
  const adapter = new Map((await play('adapter', items)).map((row) => [row.item.id, row]))
  const compared: FormAgreement[] = [formAgreement('adapter', [...adapter.values()], adapter, criterion)]
  for (const form of forms.filter((each) => each !== 'adapter')) {
    const rows = await play(form, form === 'merged' ? items.slice(0, mostOfMerged) : items)
    compared.push(formAgreement(form, rows, adapter, criterion))
  }
  return { split, of: criterion, forms: compared }
}

const formAgreement = (
  form: Form,
  rows: readonly EvaluationRow[],
  adapter: ReadonlyMap<string, EvaluationRow>,
  criterion: string,
): FormAgreement => {
  const pairs = rows.flatMap((row) => {
    const own = adapter.get(row.item.id)
    return own && !own.error && !row.error ? [{ row, own }] : []
  })
  const scored = pairs.flatMap(({ row, own }) => {
    const [mine, theirs] = [outcomeOf(row, criterion), outcomeOf(own, criterion)]
    return typeof mine === 'string' || typeof theirs === 'string'
      ? []
      : [{ family: row.item.family, mine: Number(mine.pass), theirs: Number(theirs.pass) }]
  })
  const [passes, adapterPasses] = [sum(scored.map(({ mine }) => mine)), sum(scored.map(({ theirs }) => theirs))]
  const interval = clustered(scored.map(({ family, mine, theirs }) => ({ family, difference: mine - theirs })))
  return {
    form,
    items: pairs.length,
    same: pairs.filter(({ row, own }) => saidIn(row.transcript) === saidIn(own.transcript)).length,
    passes,
    scored: scored.length,
    adapterPasses,
    ...(scored.length > 0 &&
      form !== 'adapter' && {
        difference: {
          rate: (passes - adapterPasses) / scored.length,
          ...(interval && { low: interval.low, high: interval.high }),
        },
      }),
  }
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

/** All that the student says in an episode. Ids of calls are the client's own. */
const saidIn = (transcript: Transcript): string =>
  canonical(
    transcript.flatMap((message) =>
      message.role === 'assistant'
        ? [
            {
              content: message.content,
              calls: message.toolCalls?.map(({ name, arguments: given }) => ({ name, given })),
            },
          ]
        : [],
    ),
  )

/** What of a comparison says that an export is broken, in words; nothing where the forms are one student. */
export const faultsOf = ({ forms }: Agreement): string[] =>
  forms.flatMap(({ form, items, same }) =>
    form !== 'adapter' && items > 0 && same * 2 < items
      ? [`${form} gives the adapter's replies on ${same} of ${items} items only`]
      : [],
  )
