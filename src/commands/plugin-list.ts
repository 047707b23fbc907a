import { z } from 'zod'
import { plugins } from '../plugins/index.ts'
import { defineCommand } from './command.ts'
import { indent, table } from './format.ts'

const input = z.strictObject({})

interface Listed {
  readonly name: string
  readonly summary: string
  readonly criteria: readonly string[]
  readonly mistakes: readonly string[]
  readonly options: unknown // JSON schema of its section of whetstone.yaml
}

export const command = defineCommand<typeof input, { plugins: Listed[] }>({
  input,
  run: async () => ({
    plugins: Object.values(plugins).map((plugin) => ({
      name: plugin.name,
      summary: plugin.summary,
      criteria: plugin.rubrics.flatMap((rubric) => rubric.criteria.map(({ name }) => name)),
      mistakes: plugin.mistakes.map(({ name }) => name),
      options: z.toJSONSchema(plugin.options, { io: 'input', unrepresentable: 'any' }),
    })),
  }),
  render: ({ plugins }, { colors }) =>
    plugins
      .map(({ name, summary, criteria, options }) => {
        const properties = (options as { properties?: Record<string, { description?: string }> }).properties ?? {}
        const rows = Object.entries(properties).map(([key, { description = '' }]) => [key, description])
        return [
          `${colors.bold(name)}  ${summary}`,
          `  measures: ${criteria.join(', ')}`,
          ...(rows.length > 0 ? [indent(table([colors.dim('option'), ''], rows))] : []),
        ].join('\n')
      })
      .concat('A skill of your own: docs/add-a-skill.md, then `skill: ./my-skill.ts` in the config.')
      .join('\n\n'),
})
