import type { ToolSchema } from '../../skill.ts'

/** What a searcher may call. The chat template shows the first sentence of each description. */
export const tools: readonly ToolSchema[] = [
  {
    name: 'search',
    description: 'Find documents. Gives the id and title of each, the best first.',
    parameters: {
      type: 'object',
      properties: { query: { type: 'string', minLength: 1 }, limit: { type: 'integer', minimum: 1, maximum: 20 } },
      required: ['query'],
      additionalProperties: false,
    },
  },
  {
    name: 'read',
    description: 'Read a document. A long one goes on at `from`, a number of characters.',
    parameters: {
      type: 'object',
      properties: { document: { type: 'string', minLength: 1 }, from: { type: 'integer', minimum: 0 } },
      required: ['document'],
      additionalProperties: false,
    },
  },
  {
    name: 'answer',
    description: 'Answer with sources. `citations` are the ids of the documents that say it.',
    parameters: {
      type: 'object',
      properties: { text: { type: 'string', minLength: 1 }, citations: { type: 'array', items: { type: 'string' } } },
      required: ['text', 'citations'],
      additionalProperties: false,
    },
  },
  {
    name: 'not_found',
    description: 'Say that it is not there.',
    parameters: {
      type: 'object',
      properties: { reason: { type: 'string', minLength: 1 } },
      required: ['reason'],
      additionalProperties: false,
    },
  },
]
