import { readFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type DataFormat, dataFormats } from './message-forms.ts'
import { readRow, writeRow } from './rows.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 30 })
const name = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' })
// as a file holds them: JSON is written without the sign of a zero
const args = fc
  .dictionary(name, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 })
  .map((given) => JSON.parse(JSON.stringify(given)) as typeof given)

/** One exchange with a call, in the words of a format: plain, with arguments as text or object, with unknown keys and content null. */
const conversation = (format: DataFormat) => {
  const call = fc.record({ id: fc.uuid(), name, given: args, spaced: fc.boolean() })
  return fc
    .record({
      system: fc.option(text),
      user: text,
      call: fc.option(call),
      result: text,
      answer: text,
      content: fc.constantFrom(null, '', 'x'),
    })
    .map(({ system, user, call: made, result, answer, content }) => {
      if (format === 'sharegpt')
        return [
          ...(system === null ? [] : [{ from: 'system', value: system }]),
          { from: 'human', value: user },
          ...(made
            ? [
                { from: 'function_call', value: JSON.stringify({ name: made.name, arguments: made.given }) },
                { from: 'observation', value: result },
              ]
            : []),
          { from: 'gpt', value: answer },
        ]
      const given = made && (format === 'openai' ? JSON.stringify(made.given, null, made.spaced ? 2 : 0) : made.given)
      return [
        ...(system === null ? [] : [{ role: 'system', content: system }]),
        { role: 'user', content: user, name: 'ann' },
        ...(made
          ? [
              {
                role: 'assistant',
                content,
                tool_calls: [{ id: made.id, type: 'function', function: { name: made.name, arguments: given } }],
              },
              { role: 'tool', tool_call_id: made.id, content: result },
            ]
          : []),
        { content: answer, role: 'assistant' },
      ]
    })
}

const rowOf = (format: DataFormat) =>
  fc
    .record({
      turns: conversation(format),
      id: fc.option(fc.string()),
      label: fc.option(fc.boolean()),
      meta: fc.jsonValue({ maxDepth: 1 }),
    })
    .map(({ turns, id, label, meta }) => {
      const extra = { ...(id !== null && { id }), behavior: meta }
      if (format === 'kto')
        return { prompt: turns.slice(0, -1), completion: turns.slice(-1), label: label ?? true, ...extra }
      const list = format === 'sharegpt' ? 'conversations' : 'messages'
      return { [list]: turns, ...(label !== null && { label }), ...extra }
    })

describe.each(dataFormats)('a row of the format %s', (format) => {
  test('comes out as it went in', () => {
    fc.assert(
      fc.property(rowOf(format), (raw) => {
        const { row, problems } = readRow(raw, format)
        expect(problems).toEqual([])
        // through a file, as the command does it
        const stored = JSON.parse(JSON.stringify(row))
        expect(writeRow(stored, format)).toEqual(JSON.parse(JSON.stringify(raw)))
      }),
      { numRuns: 150 },
    )
  })

  test('says the same in every other format that can say it', () => {
    fc.assert(
      fc.property(rowOf(format), fc.constantFrom(...dataFormats), (raw, other) => {
        const { row } = readRow({ ...raw, label: true }, format)
        const again = readRow(writeRow(row!, other), other)
        expect(again.problems).toEqual([])
        // words beside a call are not ShareGPT's, and ids of calls neither: the calls and all other words are everybody's
        const told = (of: typeof row) =>
          [...of!.prompt, ...of!.completion].map((message) =>
            message.role === 'assistant' && message.toolCalls
              ? message.toolCalls.map(({ name: tool, arguments: given }) => [tool, given])
              : [message.role, message.content],
          )
        expect(told(again.row)).toEqual(told(row))
        expect(again.row?.label).toBe(true)
      }),
      { numRuns: 60 },
    )
  })
})

test('a message that was edited is written anew, and never as it was', () => {
  const raw = {
    messages: [
      { role: 'user', content: 'a', name: 'ann' },
      { role: 'assistant', content: 'b', refusal: null },
    ],
  }
  const { row } = readRow(raw, 'openai')
  const edited = { ...row!, completion: [{ role: 'assistant' as const, content: 'c' }] }
  expect(writeRow(edited, 'openai')).toEqual({ messages: [raw.messages[0], { role: 'assistant', content: 'c' }] })
})

const user = { role: 'user', content: 'x' }
const called = (given: unknown) => ({
  messages: [
    user,
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: '1', type: 'function', function: { name: 'f', arguments: given } }],
    },
  ],
})
const say = { role: 'assistant', content: 'y' }

describe('bad rows are told by place and reason', () => {
  test.each([
    ['a list', [1], 'openai', 'not-an-object', '$'],
    ['no messages', { text: 'x' }, 'openai', 'no-conversation', '$'],
    ['broken arguments', called('{"a": '), 'openai', 'bad-arguments', '$.messages[1]'],
    ['arguments encoded twice', called('"{\\"a\\": 1}"'), 'openai', 'double-encoded', '$.messages[1]'],
    ['arguments that are a list', called([1]), 'hf', 'bad-arguments', '$.messages[1]'],
    [
      'an unknown role',
      { messages: [{ role: 'wizard', content: 'x' }, say] },
      'openai',
      'unknown-role',
      '$.messages[0]',
    ],
    ['an assistant that begins', { messages: [say, user] }, 'openai', 'starts-with-assistant', '$'],
    ['nobody to learn from', { messages: [user] }, 'openai', 'no-assistant', '$'],
    [
      'a result without a call',
      { messages: [user, { role: 'tool', tool_call_id: '1', content: 'z' }, say] },
      'openai',
      'result-without-call',
      '$[1]',
    ],
    ['a label as text', { prompt: 'x', completion: 'y', label: 'true' }, 'kto', 'bad-label', '$.label'],
    ['no label', { prompt: 'x', completion: 'y' }, 'kto', 'bad-label', '$.label'],
    ['broken tools', { messages: [user, say], tools: '[{' }, 'hf', 'bad-tools', '$.tools'],
  ] as const)('%s', (_, raw, format, kind, at) => {
    const { row, problems } = readRow(raw, format)
    expect(row).toBeUndefined()
    expect(problems).toContainEqual(expect.objectContaining({ kind, path: at, severity: 'error' }))
  })

  test('unicode, quotes in names, a result of a megabyte and objects as arguments are no fault', () => {
    const raw = {
      messages: [
        user,
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: '1', type: 'function', function: { name: 'say_"hé"', arguments: { ä: '“' } } }],
        },
        { role: 'tool', tool_call_id: '1', content: 'z'.repeat(1 << 20) },
        say,
      ],
    }
    const { row, problems } = readRow(raw, 'openai')
    expect(problems).toEqual([])
    expect(writeRow(row!, 'openai')).toEqual(raw)
  })
})

test.each(['contentManager_first400.jsonl', 'verification_before_action_pairs_first200.jsonl'])(
  '%s of Synaptic-Tuner comes in and goes out without loss',
  (file) => {
    const lines = readFileSync(path.join(import.meta.dirname, '../../../tests/data/synaptic-tuner', file), 'utf8')
      .trim()
      .split('\n')
    for (const line of lines) {
      const raw = JSON.parse(line)
      const { row, problems } = readRow(raw, 'openai')
      expect(problems).toEqual([])
      expect(writeRow(JSON.parse(JSON.stringify(row)), 'openai')).toEqual(raw)
    }
  },
)
