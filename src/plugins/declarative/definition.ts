import { z } from 'zod'
import { SkillFile } from './format.ts'

/** All that items, gold and grades stand on: the file with its defaults and its data, frozen with the run. */
export const Definition = z.object({
  content: SkillFile.extend({
    reply: z.enum(['json', 'text']),
    schema: z.record(z.string(), z.json()).optional(),
    checks: SkillFile.shape.checks.unwrap(),
    mistakes: SkillFile.shape.mistakes.unwrap(),
    targets: SkillFile.shape.targets.unwrap(),
    format: z.string(),
  }),
  rows: z.array(z.record(z.string(), z.json())),
  columns: z.array(z.string()),
})
export type Definition = z.output<typeof Definition>
