import { describe, expect, test } from 'vitest'
import { draftPack } from './draft.ts'
import { toolCalling } from './index.ts'
import { operationsOf } from './openapi.ts'
import { parametersOf } from './schema.ts'
import { folder, itemsOf, quiet, written } from './test-support.ts'
import { lintTools } from './tools-lint.ts'
import { schemaErrors } from './validators.ts'

const resources =
  'order customer invoice shipment product warehouse supplier contract employee ticket project budget asset vehicle site policy claim course exam grade'.split(
    ' ',
  )

/** A document as large applications have it: 100 operations, shared parameters, `$ref`, `allOf`, one recursive schema. */
const document = () => ({
  openapi: '3.0.3',
  info: { title: 'Everything', version: '1' },
  paths: Object.fromEntries(
    resources.flatMap((name) => [
      [
        `/${name}s`,
        {
          get: {
            operationId: `list_${name}s`,
            summary: `List the ${name}s`,
            parameters: [
              { $ref: '#/components/parameters/Page' },
              { name: 'state', in: 'query', schema: { type: 'string', enum: ['open', 'closed'] } },
            ],
          },
          post: {
            operationId: `create_${name}`,
            summary: `Create a new ${name}`,
            requestBody: {
              required: true,
              content: { 'application/json': { schema: { $ref: '#/components/schemas/New' } } },
            },
          },
        },
      ],
      [
        `/${name}s/{id}`,
        {
          parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
          get: { operationId: `get_${name}`, summary: `Show one ${name}` },
          patch: {
            operationId: `update_${name}`,
            summary: `Update one ${name}`,
            requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Change' } } } },
          },
          delete: { operationId: `delete_${name}`, summary: `Delete one ${name}` },
        },
      ],
    ]),
  ),
  components: {
    parameters: { Page: { name: 'page', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 500 } } },
    schemas: {
      Named: {
        type: 'object',
        required: ['title'],
        properties: { title: { type: 'string' }, made: { type: 'string', readOnly: true } },
      },
      New: {
        allOf: [
          { $ref: '#/components/schemas/Named' },
          {
            type: 'object',
            required: ['amount'],
            properties: { amount: { type: 'integer' }, tree: { $ref: '#/components/schemas/Tree' } },
          },
        ],
      },
      Change: {
        allOf: [{ $ref: '#/components/schemas/Named' }, { properties: { note: { type: 'string', nullable: true } } }],
      },
      Tree: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          children: { type: 'array', items: { $ref: '#/components/schemas/Tree' } },
        },
      },
    },
  },
})

describe('an OpenAPI document of 100 operations', () => {
  const catalogue = operationsOf(document(), 'api.json')
  const named = (name: string) => catalogue.tools.find((tool) => tool.name === name)!

  test('gives a tool an operation, with path, query and body as arguments', () => {
    expect(catalogue.tools).toHaveLength(100)
    expect(parametersOf(named('list_orders')).properties).toMatchObject({
      page: { type: 'integer' },
      state: { enum: ['open', 'closed'] },
    })
    expect(parametersOf(named('update_order'))).toMatchObject({ required: ['id', 'title'] })
  })

  test('has `$ref` written out and `allOf` merged, and leaves out what only the server writes', () => {
    const { properties, required } = parametersOf(named('create_order'))
    expect(Object.keys(properties ?? {}).sort()).toEqual(['amount', 'title', 'tree'])
    expect([...(required ?? [])].sort()).toEqual(['amount', 'title'])
    expect(schemaErrors(named('create_order'), { title: 'x', amount: 1 })).toEqual([])
    expect(schemaErrors(named('create_order'), { title: 'x', amount: 'one' })).not.toEqual([])
  })

  test('says what cannot be checked: a schema that comes back to itself', () => {
    expect(catalogue.unchecked).toContain('create_order.tree.children')
    expect(
      lintTools(catalogue).some(({ kind, tool }) => kind === 'unchecked-argument' && tool === 'create_order'),
    ).toBe(true)
  })

  test('can be trained on with a drafted pack and no word by hand', async () => {
    const draft = draftPack(catalogue.tools, 'api.json')
    expect(draft?.text).toMatch(/^# A DRAFT/)
    const options = {
      tools: { openapi: written('api.json', JSON.stringify(document())) },
      packs: [written('phrases.yaml', draft?.text ?? '')],
    }
    const definition = await toolCalling.define(toolCalling.options.parse(options), { ...quiet, baseDir: folder() })
    const items = await itemsOf(definition, 'train', 120)
    expect(new Set(items.map(({ kind }) => kind))).toEqual(new Set(['call', 'several', 'ask', 'decline']))
    for (const item of items.filter(({ kind }) => kind === 'call')) {
      const [call] = toolCalling.gold(item, [], definition)?.toolCalls ?? []
      const tool = definition.tools.find(({ name }) => name === call?.name)
      expect(schemaErrors(tool!, call?.arguments)).toEqual([])
    }
  })
})

test.each([
  ['no document', 'x'],
  ['Swagger 2', { swagger: '2.0', paths: {} }],
  ['no paths', { openapi: '3.1.0' }],
])('%s is refused as bad-openapi', (_, value) => {
  expect(() => operationsOf(value, 'x.yaml')).toThrow(expect.objectContaining({ code: 'bad-openapi' }))
})
