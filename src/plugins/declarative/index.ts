import { z } from 'zod'
import { definePlugin } from '../../skill.ts'
import { Definition } from './definition.ts'
import { dimensionsOf } from './dimensions.ts'
import { skillTools } from './expressions.ts'
import { generate } from './generate.ts'
import { failureTags, grade } from './grade.ts'
import { Item } from './item.ts'
import { mistakesOf } from './mistakes.ts'
import { readSkill } from './read.ts'

/**
 * A skill with no code: one YAML file, and data files beside it, as a plugin like any other. docs/declarative-skills.md
 * @throws {WhetError} exit 2, naming line and column of everything that is wrong
 */
export const declarativeSkill = async (file: string) => {
  const { definition: read, placeOf } = await readSkill(file)
  const { content } = read
  const tools = skillTools(placeOf)
  return definePlugin({
    contract: 1,
    name: content.name,
    summary: content.summary,
    options: z.strictObject({}), // all that there is to say stands in the skill's own file
    definition: Definition,
    item: Item,

    define: async () => read,
    dimensions: dimensionsOf,
    rubrics: [
      {
        name: content.name,
        criteria: Object.entries(content.checks).map(([name, { weight, passAt, warnAt, question }]) => ({
          ...{ name, weight, passAt },
          ...(warnAt !== undefined && { warnAt }),
          ...(question !== undefined && { question }),
        })),
      },
    ],
    failureTags: failureTags(Object.keys(content.checks)),
    format: content.format,
    targets: ({ content: { targets } }) => targets.map((target) => ({ measure: 'pass-rate' as const, ...target })),

    generate: (spec, definition, context) => generate(spec, definition, context, tools),
    mistakes: mistakesOf(content as Parameters<typeof mistakesOf>[0]),

    begin: ({ request }, { content: { system } }) => ({
      messages: [...(system ? [{ role: 'system' as const, content: system }] : []), { role: 'user', content: request }],
      tools: [],
      maxSteps: 1,
    }),
    gold: ({ gold }, soFar) =>
      soFar.at(-1)?.role === 'user'
        ? { role: 'assistant', content: typeof gold === 'string' ? gold : JSON.stringify(gold) }
        : undefined,

    grade: (item, transcript, definition, context) => grade(item, transcript, definition, context, tools),
    dispose: () => tools.close(),
  })
}
