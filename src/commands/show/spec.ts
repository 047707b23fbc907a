import { z } from 'zod'
import type { PredictionScore, SpecFile } from '../../core/analyst.ts'
import type { Dimensions, Hypothesis, SpecPart } from '../../core/contract.ts'
import { readJson } from '../../core/jsonl.ts'
import type { Author, RoundSummary } from '../../core/round.ts'
import { defineCommand } from '../command.ts'
import { plural, points, tagsText } from '../format.ts'
import { runField, workspaceField, workspaceOf } from '../inputs.ts'
import { dimensionsOf, partText } from '../parts.ts'
import { roundNumbers } from './rounds.ts'

const input = z.strictObject({
  run: runField,
  round: z.int().min(1).max(9999).optional().describe('one round; all of them by default'),
  workspace: workspaceField,
})

export interface SpecShown {
  readonly round: number
  readonly author: Author
  readonly why?: string // what the round teaches, and why
  readonly parts: readonly (SpecPart & { readonly text: string })[]
  readonly hypotheses: readonly (Hypothesis & { readonly scored: PredictionScore | null })[] // null: its round is not judged yet
}

/** What each round was to learn, what was predicted, and what came. */
export const command = defineCommand<typeof input, { run: string; dimensions: Dimensions; specs: SpecShown[] }>({
  input,
  positional: ['run'],
  async run(input, context) {
    const files = await workspaceOf(input, context).find(input.run)
    const specs: SpecShown[] = []
    for (const round of await roundNumbers(files)) {
      if (input.round !== undefined && round !== input.round) continue
      const file = await readJson<SpecFile>(files.round(round).spec)
      if (!file) continue
      const summary = await readJson<RoundSummary>(files.round(round).summary)
      const { author, lesson, spec } = file
      specs.push({
        round,
        author,
        ...(lesson && { why: `${lesson.teaches}: ${lesson.why}` }),
        parts: spec.parts.map((part) => ({ ...part, text: partText(part) })),
        hypotheses: file.hypotheses.map((each, at) => ({ ...each, scored: summary?.predictions[at] ?? null })),
      })
    }
    return { run: files.name, dimensions: await dimensionsOf(files), specs }
  },
  render({ specs }, { colors }) {
    if (specs.length === 0) return 'No spec was written yet: the first one follows the baseline.'
    return specs
      .flatMap(({ round, author, why, parts, hypotheses }) => [
        `${colors.bold(`round ${round}`)} · ${author}${why ? colors.dim(` · ${why}`) : ''}`,
        ...parts.map(({ where, rows }) => `  ${tagsText(where)}: ${plural(rows, 'row')}`),
        ...hypotheses.map(({ predicts, scored }) => {
          const came = scored ? `came ${points(scored.moved)}` : 'not judged yet'
          return colors.dim(
            `  expects ${predicts.criterion} ${tagsText(predicts.where)} ${points(predicts.points)}: ${came}`,
          )
        }),
      ])
      .join('\n')
  },
})
