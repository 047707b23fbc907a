import { describe, expect, test } from 'vitest'
import { tool, written } from './test-support.ts'
import { catalogueOf } from './tool-forms.ts'
import { validateConversations, validateData } from './validate.ts'

const catalogue = {
  tools: [
    tool('read', { path: { type: 'string' }, lines: { type: 'number' }, mode: { enum: ['a', 'b'] }, range: {} }, [
      'path',
    ]),
  ],
  unchecked: ['read.range'],
}
const system = { role: 'system', content: 'sessionId: "s1"' }
const user = { role: 'user', content: 'Read notes/plan.md to me.' }
const call = (args: unknown, name = 'read') => ({
  id: 'c1',
  type: 'function',
  function: { name, arguments: typeof args === 'string' ? args : JSON.stringify(args) },
})
const row = (...tool_calls: unknown[]) =>
  JSON.stringify({ messages: [user, { role: 'assistant', content: null, tool_calls }] })
const kinds = async (line: string, of: Parameters<typeof validateConversations>[1] | 'none' = catalogue) =>
  (await validateConversations([line], of === 'none' ? undefined : of)).findings.map(
    ({ severity, kind }) => `${severity} ${kind}`,
  )

describe('a row', () => {
  test('that is right has no findings', async () => {
    expect(await validateConversations([row(call({ path: 'notes/plan.md' }))], catalogue)).toEqual({
      rows: 1,
      passed: 1,
      failed: 0,
      findings: [],
    })
  })

  test.each([
    ['broken JSON', '{"messages": [', ['error broken-json']],
    ['no object', '[1]', ['error not-an-object']],
    ['no conversation', '{"text": "x"}', ['error no-conversation']],
    [
      'an unknown role',
      JSON.stringify({
        messages: [
          { role: 'wizard', content: 'x' },
          { role: 'assistant', content: 'y' },
        ],
      }),
      ['error unknown-role'],
    ],
    ['nobody to learn from', JSON.stringify({ messages: [user] }), ['error no-assistant']],
    ['an assistant that says nothing', row(), ['error empty-turn']],
    ['an unknown tool', row(call({}, 'reed')), ['error unknown-tool']],
    ['a missing argument', row(call({})), ['error missing-argument']],
    ['an unknown argument', row(call({ path: 'notes/plan.md', pth: 1 })), ['error unknown-argument']],
    ['a mistyped argument', row(call({ path: 'notes/plan.md', lines: '5' })), ['error wrong-type']],
    ['a value outside of an enum', row(call({ path: 'notes/plan.md', mode: 'c' })), ['error not-in-enum']],
    ['arguments that are no JSON', row(call('{"path": ')), ['error bad-arguments']],
    ['arguments encoded twice', row(call(JSON.stringify('{"path": "notes/plan.md"}'))), ['error double-encoded']],
    ['a call without a name', row({ function: { arguments: '{}' } }), ['error malformed-call']],
    [
      'a label that is neither true nor false',
      JSON.stringify({ messages: [user, { role: 'assistant', content: 'x' }], label: 'yes' }),
      ['error bad-label'],
    ],
    ['an argument of an unknown type', row(call({ path: 'notes/plan.md', range: 1 })), ['warning unchecked-argument']],
    ['a path that nothing suggests', row(call({ path: 'other/thing.txt' })), ['warning ungrounded-argument']],
    [
      'two calls with one id',
      row(call({ path: 'notes/plan.md' }), call({ path: 'notes/plan.md' })),
      ['warning duplicate-call-id'],
    ],
  ])('with %s is found out', async (_, line, found) => {
    expect(await kinds(line)).toEqual(found)
  })

  test('whose tool has a schema that cannot be used passes unchecked, with the reason', async () => {
    const tools = catalogueOf([tool('read'), { name: 'odd', parameters: { oneOf: [] } }], 'x')
    const line = row(call({ a: 1 }, 'odd'))
    expect(await validateConversations([line], tools)).toMatchObject({
      failed: 0,
      findings: [{ kind: 'unchecked-call', message: expect.stringContaining('oneOf at its top') }],
    })
  })

  test('is told by line and path, and blank lines are no rows', async () => {
    const report = await validateConversations(['', row(call({ path: 5 })), ' '], catalogue)
    expect(report).toMatchObject({ rows: 1, failed: 1 })
    expect(report.findings).toEqual([
      {
        line: 2,
        kind: 'wrong-type',
        path: '$.messages[1].tool_calls[0].function.arguments.path',
        message: 'must be string',
        severity: 'error',
      },
    ])
  })

  test('that comes again is a warning with the line of the first one', async () => {
    const { findings, failed } = await validateConversations(
      [row(call({ path: 'notes/plan.md' })), row(call({ path: 'notes/plan.md' }))],
      catalogue,
    )
    expect([failed, findings]).toEqual([
      0,
      [expect.objectContaining({ line: 2, kind: 'duplicate-row', message: expect.stringContaining('line 1') })],
    ])
  })

  test('that is bad stops none of the others', async () => {
    const lines = [
      'nonsense',
      '{}',
      row(call({ path: 'notes/plan.md' })),
      '\u0000',
      'null',
      `"${'x'.repeat(1_000_000)}"`,
    ]
    expect(await validateConversations(lines, catalogue)).toMatchObject({ rows: 6, passed: 1, failed: 5 })
  })
})

describe('conversations are read as people have them', () => {
  test.each([
    [
      'ShareGPT',
      {
        conversations: [
          { from: 'human', value: 'Read a.md' },
          { from: 'gpt', value: 'Here.' },
        ],
      },
    ],
    [
      'ShareGPT with a call',
      {
        conversations: [
          { from: 'human', value: 'a.md' },
          { from: 'function_call', value: '{"name": "read", "arguments": {"path": "a.md"}}' },
        ],
      },
    ],
    [
      'hermes calls in the text',
      {
        messages: [
          { role: 'user', content: 'a.md' },
          { role: 'assistant', content: '<tool_call>\n{"name": "read", "arguments": {"path": "a.md"}}\n</tool_call>' },
        ],
      },
    ],
    [
      'the old function_call',
      {
        messages: [
          { role: 'user', content: 'a.md' },
          { role: 'assistant', content: null, function_call: { name: 'read', arguments: '{"path": "a.md"}' } },
        ],
      },
    ],
    [
      'prompt and completion',
      { prompt: [{ role: 'user', content: 'a.md' }], completion: [{ role: 'assistant', content: 'x' }] },
    ],
    [
      'parts of text',
      {
        messages: [
          { role: 'user', content: [{ type: 'text', text: 'hi' }] },
          { role: 'assistant', content: 'x' },
        ],
      },
    ],
  ])('%s', async (_, json) => {
    expect(await kinds(JSON.stringify(json))).toEqual([])
  })

  test('a call inside the text counts like any other', async () => {
    const json = {
      messages: [user, { role: 'assistant', content: '<tool_call>{"name": "reed", "arguments": {}}</tool_call>' }],
    }
    expect(await kinds(JSON.stringify(json))).toEqual(['error unknown-tool'])
  })

  test('without a tools file the row’s own tools are the catalogue, and without any the calls are not checked', async () => {
    const json = JSON.parse(row(call({}, 'list')))
    const tools = [
      {
        type: 'function',
        function: { name: 'list', parameters: { type: 'object', properties: {}, required: ['path'] } },
      },
    ]
    expect(await kinds(JSON.stringify({ ...json, tools }), 'none')).toEqual(['error missing-argument'])
    expect((await validateConversations([JSON.stringify(json)], undefined)).findings.map(({ kind }) => kind)).toEqual([
      'no-tools',
    ])
  })
})

describe('the context of a call', () => {
  const withContext = {
    ...catalogue,
    context: { name: 'context', fields: ['sessionId', 'goal'] },
    tools: [tool('read', { path: {}, context: { type: 'object' } }, ['path', 'context'])],
  }
  const line = (context: unknown) =>
    JSON.stringify({
      messages: [
        system,
        user,
        { role: 'assistant', content: null, tool_calls: [call({ path: 'notes/plan.md', context })] },
      ],
    })

  test.each([
    ['is complete', { sessionId: 's1', goal: 'read' }, []],
    ['is missing', undefined, ['error missing-context']],
    ['lacks a field', { sessionId: 's1' }, ['error missing-context']],
    ['has an empty field', { sessionId: 's1', goal: ' ' }, ['error empty-context']],
    ['has an id that nobody gave', { sessionId: 's2', goal: 'read' }, ['warning unknown-id']],
  ])('that %s', async (_, context, found) => {
    expect(await kinds(line(context), withContext)).toEqual(found)
  })
})

test('a tools file with types as TypeScript text checks rows of that kind: enum, list, context and unknown type', async () => {
  const parameters = [
    { name: 'path', type: 'string', optional: false },
    { name: 'order', type: "'asc' | 'desc'", optional: true },
    { name: 'tags', type: 'string[]', optional: true },
    { name: 'range', type: 'DateRange', optional: true },
  ]
  const tools = written(
    'tool_schemas.json',
    JSON.stringify({
      notes_read: { tool_name: 'notes_read', parameters, context_schema: null },
      get_tools: { tool_name: 'get_tools', parameters: [], context_schema: { fields: [{ name: 'sessionId' }] } },
    }),
  )
  const args = { path: 'notes/plan.md', order: 'up', tags: 'a', range: 1, context: { sessionId: '' } }
  const turn = { role: 'assistant', content: null, tool_calls: [call(args, 'notes_read')] }
  const { findings } = await validateData([JSON.stringify({ conversations: [system, user, turn] })], { tools })
  expect(findings.map(({ kind, path }) => `${kind} ${path.split('.').at(-1)}`)).toEqual([
    'unchecked-argument range',
    'not-in-enum order',
    'wrong-type tags',
    'empty-context sessionId',
  ])
})
