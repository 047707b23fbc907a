import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { commands, loadCommand } from '../src/commands/registry.ts'
import { folder, whet } from './cli-fixture.ts'

const names = Object.keys(commands)
const errorOf = (stdout: string) =>
  (JSON.parse(stdout) as { error: { code: string; data: Record<string, unknown> } }).error

describe('help', () => {
  test('lists every command of the registry', async () => {
    const { code, stdout } = await whet('/', ['--help'])
    expect(code).toBe(0)
    for (const name of names) expect(stdout).toContain(`  ${name.split(' ')[0]} `)
  })

  test.each(names)('of `%s` shows its example and describes every field of its input', async (name) => {
    const { code, stdout } = await whet('/', [...name.split(' '), '--help'])
    const command = (await loadCommand(name))!
    expect(code).toBe(0)
    expect(stdout).toContain(`$ ${command.example}`)
    for (const field of Object.values(command.input.shape)) expect(describedBy(field)).not.toBe('')
    expect(stdout).not.toContain('undefined')
  })

  test.each(names)('the example of `%s` is a command line that it takes', async (name) => {
    const { example } = commands[name]!
    const words = [...example.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word!).slice(1)
    const { parseCommandLine } = await import('../src/cli/program.ts')
    expect(await parseCommandLine(words, '0')).toMatchObject({ kind: 'command', command: { name } })
  })
})

const describedBy = (field: unknown): string => {
  const schema = field as { description?: string; def: { innerType?: unknown } }
  return schema.description ?? (schema.def.innerType ? describedBy(schema.def.innerType) : '')
}

describe('a wrong command line', () => {
  test.each([
    [['rnu'], 'unknown-command', 'run'],
    [['evla'], 'unknown-command', 'eval'],
    [['data', 'validat'], 'unknown-command', 'data validate'],
    [['validate'], 'unknown-command', 'data validate'],
    [['run', '--pln'], 'unknown-option', '--plan'],
    [['eval', 'base', '--splt', 'dev'], 'unknown-option', '--split'],
    [['status', '--jsn'], 'unknown-option', '--json'],
  ])('%j names the nearest right word and exits with 2', async (words, code, nearest) => {
    const said = await whet('/', [...words, '--json'])
    expect(said.code).toBe(2)
    expect(errorOf(said.stdout)).toMatchObject({ code, data: { nearest } })
  })

  test.each([
    [['eval'], 'missing-argument'],
    [['eval', 'base', '--split', 'nope'], 'bad-input'],
    [['eval', 'RUN', '--regrade', '--pack', 'my-pack.yaml'], 'bad-input'],
    [['eval', 'RUN', '--set', 'student.slots=2'], 'bad-input'],
    [['data', 'generate', '--rows', 'many'], 'bad-input'],
    [['data', 'generate', '--rows', '0'], 'bad-input'],
    [['runs', 'extra'], 'too-many-arguments'],
    [['run', '--set'], 'missing-value'],
  ])('%j is told as %s', async (words, code) => {
    const said = await whet('/', [...words, '--json'])
    expect([said.code, errorOf(said.stdout).code]).toEqual([2, code])
  })

  test('says the same to a person on stderr, without a stack trace', async () => {
    const said = await whet('/', ['rnu'])
    expect(said).toMatchObject({ code: 2, stdout: '' })
    expect(said.stderr).toBe(
      "error [unknown-command] Unknown command 'rnu'. Did you mean `whet run`? `whet --help` shows the commands.\n",
    )
  })

  test('shows the stack only where it is asked for', async () => {
    expect((await whet('/', ['rnu', '--stack'])).stderr).toContain('    at ')
  })
})

describe('a broken config', () => {
  test('is named by file, line and column', async () => {
    const dir = await folder()
    await writeFile(path.join(dir, 'whetstone.yaml'), 'skill: tool-calling\nloop: { rounds: 3\nseed: 1\n')
    const said = await whet(dir, ['run', '--plan', '--json'])
    expect(said.code).toBe(2)
    expect(errorOf(said.stdout)).toMatchObject({ code: 'broken-yaml' })
    expect(said.stdout).toMatch(/whetstone\.yaml:\d+:\d+/)
  })

  test('with an unknown key names the nearest right one', async () => {
    const dir = await folder()
    await writeFile(path.join(dir, 'whetstone.yaml'), 'skill: tool-calling\nloop: { round: 3 }\n')
    expect((await whet(dir, ['run', '--plan'])).stderr).toMatch(/unknown key.*rounds/)
  })

  test('with an unknown skill says what there is', async () => {
    const dir = await folder()
    await writeFile(path.join(dir, 'whetstone.yaml'), 'skill: tool-caling\n')
    const said = await whet(dir, ['run', '--plan'])
    expect(said.code).toBe(2)
    expect(said.stderr).toContain('tool-calling')
  })

  test('that is not there leads to `whet init`', async () => {
    const said = await whet(await folder(), ['run'])
    expect(said.code).toBe(2)
    expect(said.stderr).toContain('whet init')
  })
})

describe('init', () => {
  test('writes a config that `run --plan` takes, asks nothing in a pipe and tells the next line', async () => {
    const dir = await folder()
    const said = await whet(dir, ['init'])
    expect(said).toMatchObject({ code: 0, stderr: '' })
    expect(said.stdout).toContain('whet run --plan')
    expect((await whet(dir, ['run', '--plan'])).code).toBe(0)
    expect(existsSync(path.join(dir, '.whetstone'))).toBe(false)
  })

  test('never replaces a file without --force', async () => {
    const dir = await folder()
    await writeFile(path.join(dir, 'whetstone.yaml'), 'mine')
    expect((await whet(dir, ['init'])).code).toBe(4)
    expect(await readFile(path.join(dir, 'whetstone.yaml'), 'utf8')).toBe('mine')
    expect((await whet(dir, ['init', '--force'])).code).toBe(0)
  })

  test("keeps the words of the server's command apart as a shell would", async () => {
    const dir = await folder()
    await whet(dir, ['init', '--offline', '--mcp', 'npx -y "my server" --dir \'a b\''])
    const { loadConfig } = await import('../src/core/config.ts')
    const { config } = await loadConfig(path.join(dir, 'whetstone.yaml'))
    expect(config.options).toMatchObject({ tools: { mcp: { command: ['npx', '-y', 'my server', '--dir', 'a b'] } } })
  })
})

describe('run --plan', () => {
  test('takes overrides of the config', async () => {
    const dir = await folder()
    await whet(dir, ['init'])
    const said = await whet(dir, ['run', '--plan', '--json', '--set', 'loop.rounds=7', '--set', 'loop.uniform=1'])
    expect(JSON.parse(said.stdout)).toMatchObject({ rounds: 7 })
  })

  test.each([
    ['loop.round=7', 'unknown-key'],
    ['loop.rounds=many', 'wrong-value'],
    ['seed', 'bad-override'],
    ['seed.x=1', 'bad-override'],
  ])('refuses --set %s', async (override, code) => {
    const dir = await folder()
    await whet(dir, ['init'])
    const said = await whet(dir, ['run', '--plan', '--json', '--set', override])
    expect([said.code, errorOf(said.stdout).code]).toEqual([2, code])
  })
})

test('eval refuses the sealed split', async () => {
  const said = await whet(await folder(), ['eval', 'base', '--split', 'sealed', '--json'])
  expect([said.code, errorOf(said.stdout).code]).toEqual([4, 'sealed-refused'])
})

test('a file that is not there is a wrong use, not a crash', async () => {
  const said = await whet(await folder(), ['data', 'validate', 'no.jsonl', '--skill', 'tool-calling', '--json'])
  expect([said.code, errorOf(said.stdout).code]).toEqual([2, 'no-such-file'])
})

test('a plugin that needs options is not checked without them', async () => {
  const said = await whet(await folder(), ['plugin', 'check', 'tool-calling', '--json'])
  expect([said.code, errorOf(said.stdout).code]).toEqual([2, 'options-needed'])
})

test('data validate exits with 1 where a row fails, and goes on behind rows that are broken', async () => {
  const dir = await folder()
  const good = {
    messages: [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: 'hello' },
    ],
  }
  await writeFile(path.join(dir, 'rows.jsonl'), `not json\n${JSON.stringify(good)}\n`)
  const said = await whet(dir, ['data', 'validate', 'rows.jsonl', '--skill', 'tool-calling', '--json'])
  expect(said.code).toBe(1)
  expect(JSON.parse(said.stdout)).toMatchObject({ rows: 2, passed: 1, failed: 1, findings: [{ line: 1 }] })
})
