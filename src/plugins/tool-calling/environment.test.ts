import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AssistantTurn } from '../../core/contract.ts'
import type { Definition } from './definition.ts'
import type { EndState } from './effect.ts'
import { toolCalling } from './index.ts'
import type { Item } from './item.ts'
import {
  bare,
  calls,
  definedLive,
  expected,
  folder,
  graded,
  item,
  itemsOf,
  quiet,
  scriptedServer,
  tool,
} from './test-support.ts'

afterAll(() => toolCalling.dispose?.())

/** Plays one turn in the sandbox and gives its answers and end state. */
const played = async (of: Item, turn: AssistantTurn, definition: Definition, scratch = folder()) => {
  const environment = await toolCalling.environment!(of, definition, { signal: quiet.signal, scratch })
  try {
    const answers = []
    for (const call of turn.toolCalls ?? []) answers.push(await environment.call(call, quiet.signal))
    return { answers, endState: (await environment.endState()) as EndState | undefined }
  } finally {
    await environment.close()
  }
}

describe('the real filesystem server in a sandbox folder', () => {
  let definition: Definition
  beforeAll(async () => {
    definition = await definedLive()
  }, 60_000)

  const effect = async (of: Item, turn: AssistantTurn, scratch?: string) => {
    const { endState } = await played(of, turn, definition, scratch)
    return (await graded(of, turn, definition, endState)).criteria.effect
  }

  test('does the gold calls of items of every tool', async () => {
    const scratch = folder()
    for (const of of await itemsOf(definition, 'dev', 60, { kind: ['call', 'several'] }))
      expect([of.request, await effect(of, toolCalling.gold(of, [], definition)!, scratch)]).toEqual([
        of.request,
        { status: 'pass', score: 1, reason: expect.any(String) },
      ])
  }, 60_000)

  test('files that were asked for in any order may be read in another one', async () => {
    const expectedCall = expected('read_multiple_files', { paths: ['a.md', 'b.md'] })
    const both = item({
      menu: ['read_multiple_files'],
      truth: {
        calls: [{ ...expectedCall, arguments: { paths: { values: [['a.md', 'b.md']], anyOrder: true } } }],
        order: 'free',
      },
      fixture: { files: { 'a.md': 'one\n', 'b.md': 'two\n' }, folders: [] },
    })
    const read = (...paths: string[]) => effect(both, calls(['read_multiple_files', { paths }]))
    expect(await read('b.md', 'a.md')).toMatchObject({ status: 'pass' })
    expect(await read('b.md', 'b.md')).toMatchObject({ status: 'fail' })
  })

  const move = item({
    menu: ['move_file', 'write_file', 'read_text_file'],
    truth: { calls: [expected('move_file', { source: 'a.md', destination: 'b.md' })], order: 'free' },
    fixture: { files: { 'a.md': 'text\n' }, folders: [] },
  })

  test('a file in another place is another end state, and the reason names it', async () => {
    const wrong = await effect(move, calls(['move_file', { source: 'a.md', destination: 'c.md' }]))
    expect(wrong).toMatchObject({ status: 'fail', reason: expect.stringContaining('b.md') })
  })

  test('doing nothing is another end state too', async () => {
    expect(await effect(move, calls())).toMatchObject({ status: 'fail' })
  })

  test('a further change beside the right one is seen', async () => {
    const turn = calls(
      ['move_file', { source: 'a.md', destination: 'b.md' }],
      ['write_file', { path: 'z.md', content: '' }],
    )
    expect(await effect(move, turn)).toMatchObject({ status: 'fail', reason: expect.stringContaining('z.md') })
  })

  test('nothing outside of the folder can be reached', async () => {
    const scratch = folder()
    const outside = path.join(scratch, '..', 'whetstone-escape.md')
    const turn = calls(
      ['write_file', { path: '../whetstone-escape.md', content: 'out' }],
      ['write_file', { path: outside, content: 'out' }],
    )
    const { answers } = await played(move, turn, definition, scratch)
    expect([answers.map(({ isError }) => isError), existsSync(outside)]).toEqual([[true, true], false])
  })

  test('an episode starts from its own fixture only', async () => {
    const scratch = folder()
    writeFileSync(path.join(scratch, 'left-over.md'), 'old')
    await played(move, calls(['read_text_file', { path: 'a.md' }]), definition, scratch)
    expect(readdirSync(scratch)).toEqual(['b.md'])
  })

  test('a tool that was not shown, and arguments that are none, are answered with an error', async () => {
    const { answers } = await played(
      move,
      calls(['list_directory', { path: '.' }], ['read_text_file', '{"path": "a.md"}']),
      definition,
    )
    expect(answers.map(({ isError }) => isError)).toEqual([true, true])
  })

  test('a request that wants no call has no end state', async () => {
    const { endState } = await played(
      item({ kind: 'decline', menu: ['write_file'] }),
      calls(['write_file', { path: 'a', content: 'b' }]),
      definition,
    )
    expect(endState).toBeUndefined()
  })

  test('a fixture that leaves the folder is refused', async () => {
    const escaping = { ...move, fixture: { files: { '../x.md': '' }, folders: [] } }
    await expect(played(escaping, calls(), definition)).rejects.toThrowError(
      expect.objectContaining({ code: 'fixture-escapes' }),
    )
  })
})

describe('a server that misbehaves', () => {
  const of = item({ menu: ['go'], truth: { calls: [], order: 'free' } })
  const serving = (answer: string, timeoutSeconds = 20): Definition => ({
    ...bare([tool('go')]),
    sandbox: { kind: 'folder' },
    server: { command: scriptedServer(answer), timeoutSeconds },
  })
  const marker = () => JSON.stringify(path.join(folder(), 'died'))

  test('is started again once when it dies in the middle', async () => {
    const answer = `const fs = process.getBuiltinModule('node:fs'); const mark = ${marker()}
      if (!fs.existsSync(mark)) { fs.writeFileSync(mark, ''); process.exit(1) }
      return { content: [{ type: 'text', text: 'back again' }] }`
    expect((await played(of, calls(['go', {}]), serving(answer))).answers).toEqual([
      { content: 'back again', isError: false },
    ])
  })

  test('is a coded error when it dies again', async () => {
    const dying = played(of, calls(['go', {}]), serving('process.exit(1)'))
    await expect(dying).rejects.toThrowError(expect.objectContaining({ code: 'tool-server-died', fixedBy: 'service' }))
  })

  test('answers in time or not at all, and the next call finds a fresh one', async () => {
    const answer = `if (calls === 1 && params.arguments.slow) return undefined
      return { content: [{ type: 'text', text: 'quick' }] }`
    const { answers } = await played(of, calls(['go', { slow: true }], ['go', {}]), serving(answer, 1))
    expect(answers).toEqual([
      { content: expect.stringContaining('1 s'), isError: true },
      { content: 'quick', isError: false },
    ])
  })

  test('may talk for megabytes, of which the start is kept', async () => {
    const answer = `return { content: [{ type: 'text', text: 'x'.repeat(5_000_000) }] }`
    const { answers } = await played(of, calls(['go', {}]), serving(answer))
    expect(answers[0]?.content).toHaveLength(20_000)
  })

  test('is never asked where the config declares no sandbox', async () => {
    const { sandbox: _, ...dry } = serving('process.exit(1)')
    expect((await played(of, calls(['go', {}]), dry)).answers).toEqual([
      { content: expect.stringContaining('no sandbox'), isError: false },
    ])
  })
})
