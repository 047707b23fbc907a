import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type ZodType, z } from 'zod'
import { parseYaml } from './yaml-error.ts'

/** One criterion of a rubric file. Weights are shares of the score; thresholds are scores, 0 to 1. */
export const CriterionFields = z.strictObject({
  name: z.string().min(1),
  weight: z.number().min(0),
  passAt: z.number().gt(0).max(1),
  warnAt: z.number().min(0).max(1).optional(),
  question: z.string().optional().describe('what a judge is asked, where no code can decide'),
})

/** A rubric file; a skill with more in its file extends this. */
export const RubricFields = z.strictObject({
  name: z.string().min(1),
  criteria: z.array(CriterionFields).min(1),
  pairwise: z.string().min(1).optional().describe('what a judge is asked about two replies to one request'),
})

/**
 * Reads a rubric file of a skill. Not at import: a skill that is only listed reads no files.
 * @param url as in `new URL('./rubrics/mine.yaml', import.meta.url)`
 * @throws {WhetError} exit 2, naming line and column of everything that is wrong
 */
export function readRubric(url: URL): z.output<typeof RubricFields>
export function readRubric<T>(url: URL, schema: ZodType<T>): T
export function readRubric(url: URL, schema: ZodType = RubricFields): unknown {
  const file = fileURLToPath(url)
  return parseYaml(readFileSync(file, 'utf8'), file, schema)
}
