import { expect, test } from 'vitest'
import { parseConfig } from '../core/config.ts'
import { plugins } from '../plugins/index.ts'
import { starterOf, wordsOf } from './starter.ts'

test.each([
  ['npx -y server .', ['npx', '-y', 'server', '.']],
  ['"a b" \'c "d"\' e\\ f', ['a b', 'c "d"', 'e f']],
  ['--x="1 2" "q\\"q"', ['--x=1 2', 'q"q']],
  ['  ', []],
])('%j falls into the words that a shell would see', (line, words) => {
  expect(wordsOf(line)).toEqual(words)
})

test.each([
  ['nothing', {}],
  ['a server', { tools: { mcp: { command: ['npx', '-y', 'my: server', '#1', '5', 'true', '@scope/server'] } } }],
  ['a file', { tools: { file: 'my tools: all.json' } }],
  ['a document', { tools: { openapi: 'a: b.yaml' } }],
  ['an address', { tools: { mcp: { url: 'http://localhost:1/mcp' } } }],
])("a starter config from %s is right for its skill and keeps the source's words", (_, source) => {
  const { text } = starterOf('tool-calling', source)
  const { tools } = parseConfig(text, 'whetstone.yaml', { plugins }).config.options as { tools: unknown }
  if ('tools' in source) expect(tools).toMatchObject(source.tools)
})

test('a skill of its own starts with empty options', () => {
  expect(parseConfig(starterOf('./my-skill.ts', {}).text, 'whetstone.yaml').config.skill).toBe('./my-skill.ts')
})

test.each([
  ['nothing', {}, { facts: 140 }],
  ['a folder', { documents: 'my docs' }, { folder: 'my docs' }],
])('a starter config for searching from %s is right for its skill', (_, source, corpus) => {
  const { config } = parseConfig(starterOf('agentic-search', source).text, 'whetstone.yaml', { plugins })
  expect(config.options).toMatchObject({ corpus })
})

test.each([
  ['nothing', {}, 'jerome-k-jerome'],
  ['a folder', { writing: 'my essays' }, 'my essays'],
])('a starter config for essays from %s is right for its skill', (_, source, author) => {
  const { config } = parseConfig(starterOf('essay-style', source).text, 'whetstone.yaml', { plugins })
  expect(config.options).toMatchObject({ author, contract: 'compact' })
})
