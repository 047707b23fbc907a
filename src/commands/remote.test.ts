import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { remoteWorld } from '../../tests/support/remote-world.ts'
import { canonical } from '../core/canonical.ts'
import type { Command } from './command.ts'
import { Confirmations } from './confirm.ts'
import { remoteCommands } from './remote.ts'
import { remoteInput } from './remote-input.ts'
import { wordsOf } from './remote-run.ts'

describe('a command that destroys', () => {
  test('does nothing before its token comes back, and says what it would do', async () => {
    const { question, code, ask } = await remoteWorld()
    const { token, forecast } = await question('clean', { run: 'four' })
    expect(forecast).toMatchObject({ dry: true, bytes: 16_000 })
    expect(await code('clean', { run: 'four' }, { confirm: token })).toBe('done')
    expect(await ask('clean', { run: 'four', dry: true })).toMatchObject({ output: { bytes: 0 } })
  })

  test('a token opens once, with exactly its arguments, and is spent by a try with others', async () => {
    const { question, code } = await remoteWorld()
    const first = await question('clean', { run: 'four' })
    expect(await code('clean', {}, { confirm: first.token })).toBe('confirm-mismatch')
    expect(await code('clean', { run: 'four' }, { confirm: first.token })).toBe('confirm-used')
    expect(await code('clean', { run: 'four' }, { confirm: 'confirm-made-up' })).toBe('confirm-unknown')
  })

  test('a token of one command opens no other', async () => {
    const { question, code } = await remoteWorld()
    const { token } = await question('clean', {})
    expect(await code('resume', {}, { confirm: token })).toBe('confirm-mismatch')
  })

  test('only saying what it would do asks nobody', async () => {
    expect(await (await remoteWorld()).ask('clean', { dry: true })).toMatchObject({
      kind: 'done',
      output: { bytes: 16_000 },
    })
  })
})

test('a token ends after a quarter of an hour', () => {
  let now = 0
  const confirmations = new Confirmations(() => now)
  const intent = { command: 'clean', args: {} }
  const { token } = confirmations.issue(intent)
  now = 16 * 60_000
  expect(() => confirmations.redeem(token, intent)).toThrow('expired')
})

test('the order of keys means nothing, a value does', () => {
  expect(canonical({ a: 1, b: { d: [2], c: 3 } })).toBe(canonical({ b: { c: 3, d: [2] }, a: 1 }))
  expect(canonical({ a: 1 })).not.toBe(canonical({ a: '1' }))
})

describe('never set from chat, MCP or browser', () => {
  test.each([
    ['init', { mcp: 'rm -rf /' }, 'terminal-only'],
    ['init', { skill: './evil.ts' }, 'terminal-only'],
    ['init', { force: true }, 'terminal-only'],
    ['run', { workspace: '/tmp' }, 'terminal-only'],
    ['run', { set: ['student.url=http://evil.example'] }, 'terminal-only'],
    ['run', { set: ['skill=./evil.ts'] }, 'terminal-only'],
    ['run', { set: ['options.mcp=[sh]'] }, 'terminal-only'],
    ['run', { set: ['roles.chat.baseUrl=http://evil.example'] }, 'terminal-only'],
    ['run', { set: ['executor.ray.address=evil'] }, 'terminal-only'],
    ['run', { config: '../other/whetstone.yaml' }, 'path-outside'],
    ['run', { config: '/etc/passwd' }, 'path-outside'],
    ['run', { config: 'link/whetstone.yaml' }, 'path-outside'],
    ['eval', { target: 'http://evil.example/v1' }, 'bad-run-name'],
    ['data import', { file: 'a.jsonl', format: 'openai', out: 'whetstone.yaml' }, 'file-exists'],
    ['data import', { file: 'a.jsonl', format: 'openai', out: '../rows.jsonl' }, 'path-outside'],
    ['publish', { out: '.whetstone' }, 'file-exists'],
    ['publish', { out: '../published' }, 'path-outside'],
    ['experiment', {}, 'terminal-only'],
    ['eval', { target: 'four', pack: '../../etc/passwd' }, 'path-outside'],
    ['plugin check', { skill: './evil.ts' }, 'terminal-only'],
    ['doctor', {}, 'terminal-only'],
    ['watch', {}, 'terminal-only'],
    ['mcp', {}, 'terminal-only'],
    ['constructor', {}, 'unknown-command'],
    ['status', { run: '../four' }, 'bad-run-name'],
    ['status', { rum: 'four' }, 'bad-input'],
    ['status', [], 'bad-input'],
    ['show items', { limit: 1e9 }, 'bad-input'],
    ['show items', { search: 'x'.repeat(5000) }, 'bad-input'],
  ])('%s %o is refused', async (name, args, expected) => {
    const { code, dir } = await remoteWorld()
    mkdirSync(path.join(dir, '..', `${path.basename(dir)}-outside`), { recursive: true })
    symlinkSync('..', path.join(dir, 'link'))
    writeFileSync(path.join(dir, 'whetstone.yaml'), 'skill: tool-calling\n')
    expect(await code(name, args)).toBe(expected)
  })

  test('what is published goes into a new folder of the project', async () => {
    const { question } = await remoteWorld()
    expect(await question('publish', { out: 'published/mine' })).toHaveProperty('token')
  })

  test('a text field is closed until it is opened, so that a new command leaks nothing', () => {
    const input = z.strictObject({
      url: z.string().optional().describe('a host'),
      list: z.array(z.string()).default([]).describe('hosts'),
      open: z.string().optional().describe('a text').meta({ remote: 'text' }),
      rows: z.int().default(1).describe('rows'),
    })
    expect(Object.keys(remoteInput({ input } as unknown as Command)?.shape ?? {})).toEqual(['open', 'rows'])
    const needed = z.strictObject({ url: z.string().describe('a host') })
    expect(remoteInput({ input: needed } as unknown as Command)).toBeUndefined()
  })
})

test('every command that costs or destroys asks first', async () => {
  const asking = (await remoteCommands()).filter(({ confirms }) => confirms).map(({ name }) => name)
  expect(asking).toEqual(expect.arrayContaining(['run', 'resume', 'approve', 'budget', 'clean', 'publish']))
})

test('an input becomes the words that the terminal reads', () => {
  const command = { input: z.strictObject({}), positional: ['run'] }
  expect(wordsOf(command, { run: '-x', maxRows: 3, set: ['a=1', 'b=2'], plan: false, wait: true })).toEqual([
    '--max-rows=3',
    '--set=a=1',
    '--set=b=2',
    '--wait',
    '--',
    '-x',
  ])
})

test('every command about a run that was deleted says so, before anything is asked or done', async () => {
  const { code } = await remoteWorld()
  const needed: Record<string, object> = {
    budget: { minutes: 1 },
    edit: { item: 'x', field: ['a=1'] },
    guide: { text: 'x' },
    'show item': { item: 'x' },
    try: { text: 'x' },
  }
  const about = (await remoteCommands()).filter(({ schema }) => 'run' in (schema.properties as object))
  expect(about.map(({ name }) => name)).toEqual(expect.arrayContaining(['status', 'approve', 'edit', 'resume', 'undo']))
  for (const { name } of about)
    expect([name, await code(name, { run: 'gone-run', ...needed[name] })]).toEqual([name, 'unknown-run'])
})
