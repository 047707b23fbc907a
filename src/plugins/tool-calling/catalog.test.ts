import { describe, expect, test } from 'vitest'
import { catalogueOfFile, catalogueOfServer, chosenTools } from './catalog.ts'
import { scriptedServer, tool, written } from './test-support.ts'
import { catalogueOf } from './tool-forms.ts'
import { lintTools } from './tools-lint.ts'
import { schemaErrors } from './validators.ts'

const schema = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] }
const namesOf = (json: unknown) => catalogueOf(json, 'test').tools.map(({ name }) => name)
const code = (wanted: string) => expect.objectContaining({ code: wanted })

describe('a tools file', () => {
  test.each([
    ['OpenAI', [{ type: 'function', function: { name: 'read', description: 'd', parameters: schema } }]],
    ['MCP', { tools: [{ name: 'read', description: 'd', inputSchema: schema }] }],
    ['plain', [{ name: 'read', description: 'd', parameters: schema }]],
    ['Anthropic', [{ name: 'read', description: 'd', input_schema: schema }]],
    ['titled JSON Schema', [{ title: 'read', description: 'd', ...schema }]],
    ['map of JSON Schemas', { read: { description: 'd', ...schema } }],
  ])('is read in the %s form', (_, json) => {
    expect(catalogueOf(json, 'test').tools[0]).toMatchObject({
      name: 'read',
      description: 'd',
      parameters: { required: ['path'] },
    })
  })

  test('with types as TypeScript text: enums, lists, unknown names, and the context of every call', () => {
    const parameter = (name: string, type: string, optional = false) => ({ name, type, optional })
    const catalogue = catalogueOf(
      {
        meta: { parameters: [], context_schema: { fields: [{ name: 'sessionId' }] } },
        sort: {
          parameters: [
            parameter('order', "'asc' | 'desc'"),
            parameter('ids', 'string[]', true),
            parameter('range', 'DateRange', true),
          ],
        },
      },
      'test',
    )
    expect(catalogue.tools[1]?.parameters).toEqual({
      type: 'object',
      properties: {
        order: { type: 'string', enum: ['asc', 'desc'] },
        ids: { type: 'array', items: { type: 'string' } },
        range: {},
        context: { type: 'object' },
      },
      required: ['order', 'context'],
    })
    expect([catalogue.unchecked, catalogue.context]).toEqual([
      ['sort.range'],
      { name: 'context', fields: ['sessionId'] },
    ])
  })

  test('a tool without properties has no arguments', () => {
    expect(namesOf([{ name: 'now' }, { name: 'ping', parameters: { type: 'object' } }])).toEqual(['now', 'ping'])
  })

  test('a local $ref is written out', () => {
    const parameters = {
      type: 'object',
      properties: { at: { $ref: '#/$defs/Point' } },
      $defs: { Point: { type: 'string' } },
    }
    expect(catalogueOf([{ name: 'go', parameters }], 'test').tools[0]?.parameters.properties).toEqual({
      at: { type: 'string' },
    })
  })

  test('alternatives inside of an argument stay as they are', () => {
    const anyOf = [{ type: 'string' }, { type: 'null' }]
    const parameters = { type: 'object', properties: { at: { anyOf } } }
    expect(catalogueOf([{ name: 'go', parameters }], 'test').tools[0]?.parameters.properties).toEqual({ at: { anyOf } })
  })

  test('a schema that comes back to itself is written out once; behind that anything passes, and that is told', () => {
    const parameters = {
      $defs: { Node: { type: 'object', properties: { value: { type: 'number' }, next: { $ref: '#/$defs/Node' } } } },
      properties: { list: { $ref: '#/$defs/Node' } },
    }
    const { tools, unchecked } = catalogueOf([{ name: 'walk', parameters }], 'test')
    expect(unchecked).toEqual(['walk.list.next'])
    const check = (list: object) => schemaErrors(tools[0]!, { list }).length
    expect([check({ value: 'x' }), check({ value: 1, next: { value: 'x', next: [] } })]).toEqual([1, 0])
  })

  test('one tool that cannot be used costs no other one: it is left out with the reason, and refused where it is asked for', () => {
    const odd = { name: 'odd', parameters: { anyOf: [schema, schema] } }
    const broken = tool('broken', { x: { type: 'sting' } })
    const catalogue = catalogueOf([odd, tool('read'), broken], 'test')
    expect(catalogue.tools.map(({ name }) => name)).toEqual(['read'])
    expect(catalogue.refused).toEqual([
      { name: 'odd', error: code('bad-tool-schema') },
      { name: 'broken', error: code('bad-tool-schema') },
    ])
    expect(lintTools(catalogue).map(({ tool: name, kind }) => [name, kind])).toContainEqual(['odd', 'unusable-schema'])
    expect(chosenTools(catalogue, ['read'])).toHaveLength(1)
    expect(() => chosenTools(catalogue, ['odd'])).toThrowError(/anyOf at its top/)
  })

  test.each([
    ['an empty list', [], 'empty-catalogue'],
    ['no list at all', 'tools', 'bad-tools-file'],
    ['a tool without a name', [{ parameters: schema }], 'bad-tools-file'],
    ['two tools of one name', [tool('a'), tool('a')], 'duplicate-tool'],
    [
      'a $ref to elsewhere',
      [{ name: 'a', parameters: { type: 'object', properties: { x: { $ref: 'https://x/y' } } } }],
      'bad-tool-schema',
    ],
    ['alternatives at the top', [{ name: 'a', parameters: { anyOf: [schema, schema] } }], 'bad-tool-schema'],
    ['arguments that are a list', [{ name: 'a', parameters: { type: 'array' } }], 'bad-tool-schema'],
    ['a pattern that never ends', [tool('a', { x: { type: 'string', pattern: '^(a+)+$' } })], 'bad-tool-schema'],
  ])('%s is refused with a code that says what to do', (_, json, wanted) => {
    expect(() => catalogueOf(json, 'test')).toThrowError(code(wanted))
  })

  test('a missing file and one that is no JSON have codes', async () => {
    await expect(catalogueOfFile('/nowhere/tools.json')).rejects.toThrowError(code('tools-file-missing'))
    await expect(catalogueOfFile(written('tools.json', '{ "a": '))).rejects.toThrowError(code('bad-tools-file'))
  })

  test('a chosen tool that does not exist is told with the nearest one that does', () => {
    expect(() => chosenTools({ tools: [tool('read_file')] }, ['raed_file'])).toThrowError(/read_file/)
  })
})

describe('a tool server', () => {
  const server = (answer: string, timeoutSeconds = 20) => ({ command: scriptedServer(answer), timeoutSeconds })

  test('is asked page by page', async () => {
    const answer = `if (method !== 'tools/list') return {}
      const at = Number(params.cursor ?? 0)
      return { tools: [{ name: 'tool_' + at, inputSchema: { type: 'object' } }], ...(at < 2 && { nextCursor: String(at + 1) }) }`
    expect((await catalogueOfServer(server(answer))).tools.map(({ name }) => name)).toEqual([
      'tool_0',
      'tool_1',
      'tool_2',
    ])
  })

  test('that does not exist is named with its command', async () => {
    const failing = catalogueOfServer({ command: ['no-such-server-anywhere'], timeoutSeconds: 5 })
    await expect(failing).rejects.toThrowError(/no-such-server-anywhere/)
    await expect(failing).rejects.toThrowError(code('tool-server-failed'))
  })

  test('that dies at its start is told with what it said last', async () => {
    const file = written('dies.mjs', `console.error('no licence found'); process.exit(3)`)
    await expect(catalogueOfServer({ command: [process.execPath, file], timeoutSeconds: 20 })).rejects.toThrowError(
      /no licence found/,
    )
  })

  test('that dies while it lists its tools is an error too', async () => {
    await expect(catalogueOfServer(server('process.exit(1)'))).rejects.toThrowError(code('tool-server-failed'))
  })

  test('that never answers runs into its time limit', async () => {
    await expect(catalogueOfServer(server('return undefined', 1))).rejects.toThrowError(code('tool-server-failed'))
  })

  test('that repeats a page for ever is stopped', async () => {
    const answer = `return { tools: [], nextCursor: 'again' }`
    await expect(catalogueOfServer(server(answer))).rejects.toThrowError(code('tool-server-failed'))
  })

  test('without tools is an empty catalogue', async () => {
    await expect(catalogueOfServer(server('return { tools: [] }'))).rejects.toThrowError(code('empty-catalogue'))
  })
})
