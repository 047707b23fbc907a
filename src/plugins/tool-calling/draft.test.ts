import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { draftPack } from './draft.ts'
import { toolCalling } from './index.ts'
import { packProblems } from './pack-check.ts'
import { Pack } from './pack-schema.ts'
import { folder, itemsOf, quiet, tool, written } from './test-support.ts'

const described = (name: string, description: string, properties: object, required: string[]) => ({
  ...tool(name, properties, required),
  description,
})

const memory = [
  described(
    'create_entities',
    'Create multiple new entities in the knowledge graph',
    {
      entities: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            name: { type: 'string' },
            entityType: { type: 'string' },
            observations: { type: 'array', items: { type: 'string' } },
          },
          required: ['name', 'entityType', 'observations'],
        },
      },
    },
    ['entities'],
  ),
  described(
    'delete_entities',
    'Delete multiple entities and their associated relations from the knowledge graph',
    {
      entityNames: { type: 'array', items: { type: 'string' } },
    },
    ['entityNames'],
  ),
  described('read_graph', 'Read the entire knowledge graph', {}, []),
  described('search_nodes', 'Search for nodes in the knowledge graph based on a query', { query: { type: 'string' } }, [
    'query',
  ]),
]

test('words every tool of a server like the one of memories, and fits it', () => {
  const draft = draftPack(memory, 'memory')
  expect(Object.keys(draft?.pack.tools ?? {})).toEqual(memory.map(({ name }) => name))
  expect(packProblems(draft!.pack, memory)).toEqual([])
  expect(Pack.parse(parse(draft!.text))).toEqual(draft!.pack)
})

test('serves every kind of request in every split, though there be one tool only', async () => {
  const one = [
    described(
      'send_message',
      'Send a message to a channel',
      { channel: { type: 'string' }, text: { type: 'string' } },
      ['channel', 'text'],
    ),
  ]
  const draft = draftPack(one, 'one')
  const options = {
    tools: { file: written('tools.json', JSON.stringify(one)) },
    packs: [written('phrases.yaml', draft!.text)],
  }
  const definition = await toolCalling.define(toolCalling.options.parse(options), { ...quiet, baseDir: folder() })
  for (const split of ['train', 'dev', 'gate', 'sealed'] as const)
    expect(new Set((await itemsOf(definition, split, 60)).map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(3)
  const [item] = await itemsOf(definition, 'train', 1, { kind: ['ask'] })
  expect(item?.reply).toMatch(/^Which (channel|text) should I use\?$/)
})

test.each([
  ['an enum', { level: { enum: ['low', 'high'] } }, /one_of_low_high/],
  ['a date', { day: { type: 'string', format: 'date' } }, /dates/],
  ['bounds', { age: { type: 'integer', minimum: 18, maximum: 20 } }, /numbers_18_to_20/],
  ['examples', { city: { type: 'string', examples: ['Bern', 'Basel'] } }, /Bern/],
  ['a list', { names: { type: 'array', items: { type: 'string' } } }, /words/],
])('takes values from %s of the schema', (_, properties, found) => {
  const draft = draftPack([tool('do_it', properties, Object.keys(properties))], 'x')
  expect(draft?.text).toMatch(found)
})

test('leaves out a tool for which it cannot make values up, and says so', () => {
  const strict = tool('pay', { iban: { type: 'string', pattern: '^[A-Z]{2}\\d{20}$' } }, ['iban'])
  const draft = draftPack([strict, tool('ping', { host: { type: 'string' } }, ['host'])], 'x')
  expect(draft?.skipped).toEqual(['pay: nothing can be made up for its argument iban'])
  expect(draft?.text).toContain('# without words: pay')
})

test('asks for nothing strange that a tool serves', () => {
  const weather = described('forecast', 'Tell what the weather will be tomorrow', { city: { type: 'string' } }, [
    'city',
  ])
  expect(draftPack([weather], 'x')?.pack.decline?.say.join(' ')).not.toMatch(/weather/i)
})
