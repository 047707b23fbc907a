import { describe, expect, test } from 'vitest'
import type { Item } from './item.ts'
import { bare, calls, expected, graded, item, says, statuses, tool } from './test-support.ts'

const read = tool('read', { path: { type: 'string' }, head: { type: 'number' } }, ['path'])
const write = tool('write', { path: { type: 'string' }, content: { type: 'string' } }, ['path', 'content'])
const definition = bare([read, write, tool('list', { path: { type: 'string' } }, ['path'])])

const one = item({ truth: { calls: [expected(['read', 'open'], { path: 'a.md' })], order: 'free' } })
const two = (order: 'free' | 'bound') =>
  item({
    kind: 'several',
    truth: { calls: [expected('read', { path: 'a.md' }), expected('write', { path: 'b.md', content: 'x' })], order },
  })
const ask: Item = item({
  kind: 'ask',
  truth: { calls: [], order: 'free', asks: { tool: 'read', argument: 'path', names: ['file', 'path'], said: {} } },
})
const decline = item({ kind: 'decline' })

describe('a request that one call serves', () => {
  test('the right call passes everything that applies', async () => {
    const grade = await graded(one, calls(['read', { path: 'a.md' }]), definition)
    expect(grade.score).toBe(1)
    expect(statuses(grade)).toEqual({
      right: 'pass',
      'full-call': 'pass',
      'tool-choice': 'pass',
      arguments: 'pass',
      'no-invented-tools': 'pass',
      'asks-only-then': 'pass',
      format: 'pass',
    })
  })

  test.each([
    ['a wrong value', calls(['read', { path: 'b.md' }]), ['wrong-value']],
    ['another shown tool', calls(['write', { path: 'a.md', content: '' }]), ['wrong-tool']],
    ['a tool that was not offered', calls(['fetch', { path: 'a.md' }]), ['invented-tool']],
    ['a tool of the catalogue that was not shown', calls(['list', { path: 'a.md' }]), ['invented-tool']],
    ['one call too many', calls(['read', { path: 'a.md' }], ['read', { path: 'a.md' }]), ['extra-call']],
    ['a missing argument', calls(['read', {}]), ['missing-argument']],
    ['an invented argument', calls(['read', { path: 'a.md', mode: 'r' }]), ['invented-argument']],
    ['arguments that are text inside of text', calls(['read', '{"path": "a.md"}']), ['malformed']],
    ['a call that stayed in the text', says('<tool_call>{"name": "read", "arg'), ['malformed']],
    ['a promise instead of a call', says('Sure, done!'), ['text-instead-of-call']],
    ['a needless question', says('Which file do you mean?'), ['text-instead-of-call', 'needless-question']],
    [
      'a path that nothing suggests',
      calls(['read', { path: 'other/thing.txt' }]),
      ['wrong-value', 'ungrounded-argument'],
    ],
    ['nothing', says('  \n'), ['no-reply']],
  ])('%s fails the full call and is tagged', async (_, turn, failures) => {
    const grade = await graded(one, turn, definition)
    expect(grade.criteria['full-call']?.status).toBe('fail')
    expect(grade.failures).toEqual(failures)
  })

  test('a needless question fails where asking is not right, a refusal and a wrong call do not', async () => {
    const asked = async (turn: Parameters<typeof graded>[1]) =>
      (await graded(one, turn, definition)).criteria['asks-only-then']?.status
    expect(await asked(says('Which file should I read?'))).toBe('fail')
    expect(await asked(says('I have no tool for that.'))).toBe('pass')
    expect(await asked(calls(['write', { path: 'a.md', content: '' }]))).toBe('pass')
    expect(await asked(says(' '))).toBe('not-applicable')
    expect((await graded(ask, says('Which file?'), definition)).criteria['asks-only-then']?.status).toBe(
      'not-applicable',
    )
  })

  test('arguments are judged only where the tool is right', async () => {
    const grade = await graded(one, calls(['write', { path: 'a.md', content: 'x' }]), definition)
    expect(grade.criteria.arguments?.status).toBe('not-applicable')
  })

  test('a tool that does the same is right too', async () => {
    const grade = await graded({ ...one, menu: ['open'] }, calls(['open', { path: 'a.md' }]), definition)
    expect(grade.criteria['full-call']?.status).toBe('pass')
  })
})

describe('a request that needs several calls', () => {
  const first = ['read', { path: 'a.md' }] as const
  const second = ['write', { path: 'b.md', content: 'x' }] as const

  test('a free order may be turned round', async () => {
    expect((await graded(two('free'), calls(second, first), definition)).score).toBe(1)
  })

  test('a bound order may not', async () => {
    const grade = await graded(two('bound'), calls(second, first), definition)
    expect([grade.criteria['full-call']?.status, grade.failures]).toEqual(['fail', ['wrong-order']])
    expect(grade.criteria['tool-choice']?.status).toBe('pass')
  })

  test('half of the calls is a missing call', async () => {
    const grade = await graded(two('free'), calls(first), definition)
    expect([grade.criteria['tool-choice']?.status, grade.failures]).toEqual(['fail', ['missing-call']])
  })
})

describe('a request that lacks an argument', () => {
  test.each(['Which file should I read?', 'Please tell me the path.', 'Sure. What’s the path of the file?'])(
    'asking "%s" passes',
    async (text) => {
      expect(statuses(await graded(ask, says(text), definition))).toEqual({
        right: 'pass',
        'asks-back': 'pass',
        format: 'pass',
      })
    },
  )

  test.each([
    ['a question that names something else', says('What should I do?'), ['unclear-question']],
    ['prose that names it but asks nothing', says('The file is a document with a path.'), ['unclear-question']],
    ['a call', calls(['read', { path: 'file.txt' }]), ['call-instead-of-text']],
    ['nothing', says(''), ['no-reply']],
  ])('%s fails', async (_, turn, failures) => {
    const grade = await graded(ask, turn, definition)
    expect([grade.criteria['asks-back']?.status, grade.failures]).toEqual(['fail', failures])
  })
})

describe('a request that no tool serves', () => {
  test.each(["I don't have a tool for that.", 'None of my tools can do that.', "Sorry, I can't send mail."])(
    '"%s" declines',
    async (text) => {
      expect(statuses(await graded(decline, says(text), definition))).toEqual({
        right: 'pass',
        declines: 'pass',
        format: 'pass',
      })
    },
  )

  test.each([
    ['a bare question is no refusal', says("Can't you do it yourself?"), ['unclear-refusal']],
    [
      'an untrained model that just talks has not declined',
      says('The weather in Oslo is mild. It is a city in Norway.'),
      ['unclear-refusal'],
    ],
    ['a call', calls(['read', { path: 'weather.txt' }]), ['call-instead-of-text']],
    ['broken markup is neither call nor refusal', says("<tool_call> I can't"), ['malformed']],
  ])('%s', async (_, turn, failures) => {
    const grade = await graded(decline, turn, definition)
    expect([grade.criteria.declines?.status, grade.failures]).toEqual(['fail', failures])
  })
})

test('prose that is neither call, question nor refusal has not learned the format, whatever was asked', async () => {
  for (const of of [one, ask, decline])
    expect((await graded(of, says('Once upon a time there was a file.'), definition)).criteria.format?.status).toBe(
      'fail',
    )
})

describe('what calls have done', () => {
  const answers = (content: string, isError = false) => [{ content, isError }]
  const state = (student: object, gold: object, reads = true) => ({ student, gold, reads: [reads] })
  const right = calls(['read', { path: 'a.md' }])
  const effectOf = async (endState: unknown) => (await graded(one, right, definition, endState)).criteria.effect

  test('is not judged where nothing was executed', async () => {
    expect(await effectOf(undefined)).toEqual({ status: 'not-applicable' })
  })

  test('passes with the same files and the same answers, whatever the time of day', async () => {
    const at = (time: string) => ({
      answers: answers(`size: 3\nmodified: Sun Nov 22 2026 ${time} GMT+0000 (UTC)`),
      tree: { 'a.md': '1' },
    })
    expect(await effectOf(state(at('20:44:00'), at('20:44:01')))).toMatchObject({ status: 'pass' })
  })

  test('fails when a file differs, and names it', async () => {
    const effect = await effectOf(
      state({ answers: answers('ok'), tree: { 'a.md': '1' } }, { answers: answers('ok'), tree: { 'a.md': '2' } }),
    )
    expect(effect).toMatchObject({ status: 'fail', reason: expect.stringContaining('a.md') })
  })

  test('fails when a reading call answered something else, but not for the words of a writing one', async () => {
    const [a, b] = [
      { answers: answers('one'), tree: {} },
      { answers: answers('two'), tree: {} },
    ]
    expect(await effectOf(state(a, b, true))).toMatchObject({ status: 'fail' })
    expect(await effectOf(state(a, b, false))).toMatchObject({ status: 'pass' })
  })

  test('passes when files that were asked for in any order are answered in another one, and only then', async () => {
    const [a, b] = [
      { answers: answers('a.md:\none\n\n---\nb.md:\ntwo\n'), tree: {} },
      { answers: answers('b.md:\ntwo\n\n---\na.md:\none\n'), tree: {} },
    ]
    expect(await effectOf({ ...state(a, b), anyOrder: [true] })).toMatchObject({ status: 'pass' })
    expect(await effectOf(state(a, b))).toMatchObject({ status: 'fail' })
  })

  test('is ungraded, never 0, when the gold itself fails on the real server', async () => {
    const broken = { answers: answers('no such file', true), tree: {} }
    expect(await effectOf(state(broken, broken))).toMatchObject({ status: 'ungraded' })
  })

  test('counts for the whole reply: right calls with another effect are not right', async () => {
    const wholeOf = async (endState: unknown) => (await graded(one, right, definition, endState)).criteria.right
    const a = { answers: answers('ok'), tree: { 'a.md': '1' } }
    const b = { answers: answers('ok'), tree: { 'a.md': '2' } }
    expect(await wholeOf(state(a, a))).toMatchObject({ status: 'pass' })
    expect(await wholeOf(state(a, b))).toMatchObject({ status: 'fail', reason: expect.stringContaining('a.md') })
  })
})
