import { type StructuredToolInterface, tool } from '@langchain/core/tools'
import { z } from 'zod'
import { matches } from '../evaluation.ts'
import { type Briefing, cellLines, examplesText, historyLines } from './briefing.ts'

const mostIds = 60

/** What the agent may look up while it thinks. All of it reads the report in memory: no file, no network, no command. */
export const readOnlyTools = (briefing: Briefing): StructuredToolInterface[] => {
  const { report, tried, budget } = briefing
  const named = (where: { dimension: string; value: string }[]) =>
    Object.fromEntries(where.map(({ dimension, value }) => [dimension, [value]]))
  return [
    tool(
      ({ criterion }) => {
        const of = [...report.cells, ...report.pairs].filter((cell) => cell.criterion === criterion)
        return cellLines(of, 200).join('\n') || 'nothing fails it'
      },
      {
        name: 'failure_cells',
        description: 'How often one criterion fails, by tag and by two tags together.',
        schema: z.object({ criterion: z.string() }),
      },
    ),
    tool(
      ({ where, criterion }) => {
        const found = report.failing.filter((item) => item.criteria.includes(criterion) && matches(item, named(where)))
        return JSON.stringify(
          found.slice(0, mostIds).map(({ id, family, tags, failures }) => ({ id, family, tags, failures })),
        )
      },
      {
        name: 'failing_items',
        description: 'Ids of items with these tags that fail a criterion: the evidence of a hypothesis.',
        schema: z.object({
          where: z.array(z.object({ dimension: z.string(), value: z.string() })),
          criterion: z.string(),
        }),
      },
    ),
    tool(({ ids }) => examplesText(briefing, ids.slice(0, 5)), {
      name: 'examples',
      description: 'Request, reply, right answer and reasons of up to five failing items, where they are kept.',
      schema: z.object({ ids: z.array(z.string()) }),
    }),
    tool(() => historyLines(tried).join('\n') || 'nothing was tried yet', {
      name: 'history',
      description: 'What earlier rounds aimed at, what was predicted, and what it brought.',
      schema: z.object({}),
    }),
    tool(() => JSON.stringify(budget), {
      name: 'budget_left',
      description: 'What is left of the run.',
      schema: z.object({}),
    }),
  ]
}
