import { expect, test } from 'vitest'
import { recommend } from './recommend.ts'

test.each([
  ['Sort support tickets into categories and extract the order number as JSON', 'declarative'],
  ['Turn messy addresses into structured fields', 'declarative'],
  [
    'Call our home automation API: turn on the light, set the heating, ask back when the room is missing',
    'tool-calling',
  ],
  ['Use the functions of my MCP server with the right arguments', 'tool-calling'],
  ['Write newsletters in my own voice from rough notes', 'essay-style'],
  ['Draft polite replies to customer letters in the tone of our company', 'essay-style'],
  ['Answer questions from our handbook, citing the document it was found in', 'agentic-search'],
  ['Search the knowledge base in several steps and say when nothing is there', 'agentic-search'],
])('%s: %s', (description, kind) => {
  const [first] = recommend(description)
  expect(first?.kind).toBe(kind)
  expect(first?.reasons.length).toBeGreaterThan(0)
})

test('a description that says nothing leads to the way that needs no code', () => {
  expect(recommend('xyzzy')[0]).toEqual({ kind: 'declarative', points: 0, reasons: [] })
})
