/** What is published, in which order things are tried, and what a look at the sealed split costs. Exports and students are scripted. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { cardsOf } from '../../src/commands/publish/cards.ts'
import { parseConfig } from '../../src/core/config.ts'
import { WhetError } from '../../src/core/errors.ts'
import type { RunEvent } from '../../src/core/events.ts'
import { RunStore } from '../../src/core/store.ts'
import { Workspace } from '../../src/core/workspace.ts'
import type { Publisher } from '../../src/graph/deps.ts'
import { type Machines, startRun } from '../../src/graph/engine.ts'
import { type PublishOptions, publishRun } from '../../src/graph/publish/publish.ts'
import { toySkill, toyStudent, toyStudents, toyTrainer } from '../support/toy.ts'

const everything = ['plain', 'loud', 'twice']
const yaml = `skill: toy
student: { base: org/small }
evaluation: { dev: 40, gate: 60, sealed: 30 }
loop: { rounds: 2, rows: 30 }
`

let dir = ''
let workspace: Workspace
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'whet-publish-'))
  workspace = new Workspace(path.join(dir, '.whetstone'))
  mkdirSync(path.join(dir, 'base'))
  return () => rmSync(dir, { recursive: true, force: true })
})

/** Requests of the sealed split that a student was asked. */
const sealedAsked: string[] = []
beforeEach(() => void sealedAsked.splice(0))

/** Students of the rounds know the kinds that are listed; trained adapters are folders. */
const machines = (knowledge: readonly (readonly string[])[]): Machines => {
  const trainer = toyTrainer((out) => mkdirSync(path.join(out, 'adapter'), { recursive: true }))
  const students = toyStudents(knowledge, (request) => void (request.includes('delta') && sealedAsked.push(request)))
  return {
    trainer,
    students: { ...students, base: async () => ({ dir: path.join(dir, 'base'), sha256: 'ab'.repeat(32) }) },
  }
}

const madeRun = async (knowledge: readonly (readonly string[])[], name = 'a-run', text = yaml) => {
  const loaded = parseConfig(text, path.join(dir, 'whetstone.yaml'))
  return startRun({ workspace, loaded, name, plugin: toySkill(), machines: machines(knowledge) })
}

/** Writes what exports are, small. `student` answers for the adapter and the merged weights. */
const scriptedPublisher = (more: Partial<Publisher> = {}, student = toyStudent(everything)): Publisher => ({
  write: async ({ as, out }) => {
    if (as !== 'safetensors') return void writeFileSync(out, as)
    mkdirSync(out)
    writeFileSync(path.join(out, 'model.safetensors'), 'weights')
    writeFileSync(path.join(out, 'tokenizer_config.json'), '{"eos_token": "<|im_end|>"}')
    writeFileSync(path.join(out, 'chat_template.jinja'), '{{ messages }}')
  },
  compareTokens: async () => ({
    rows: 20,
    tokens: 400,
    trained: 90,
    differences: [],
    calls: { q8_0: { asked: 12, called: 11 } },
  }),
  exact: async () => ({ student, close: async () => {} }),
  push: async ({ repository }) => `https://hub.example/${repository}`,
  ...more,
})

const publish = (options: Partial<PublishOptions> & { knowledge?: readonly (readonly string[])[] } = {}) => {
  const { knowledge = [[], everything], ...more } = options
  return publishRun({
    workspace,
    run: 'a-run',
    by: 'a test',
    anyway: false,
    check: false,
    split: 'dev',
    items: 6,
    plugin: toySkill(),
    machines: machines(knowledge),
    publisher: scriptedPublisher(),
    describe: (facts) => cardsOf(facts, workspace.run(facts.run)),
    ...more,
  })
}

const openings = (run = 'a-run'): RunEvent[] => {
  const store = RunStore.open(workspace.run(run).database, { readonly: true })
  const events = store.events({ types: ['sealed.opened'] })
  store.close()
  return events
}
const folderOf = (name: string) => path.join(dir, 'published', name)
const left = () => (existsSync(path.join(dir, 'published')) ? readdirSync(path.join(dir, 'published')) : [])

test('a student that meets its targets is published whole, and the sealed split is opened once for it', async () => {
  await madeRun([[], everything])
  const published = await publish()
  expect(left()).toEqual(['a-run-round-1'])
  expect(readdirSync(published.folder!).sort()).toEqual([
    'DATA_CARD.md',
    'Modelfile',
    'README.md',
    'chat_template.jinja',
    'model.safetensors',
    'published.json',
    'tokenizer_config.json',
    'toy-small-f16.gguf',
    'toy-small-q8_0.gguf',
    'whetstone.yaml',
  ])
  expect(openings()).toMatchObject([{ round: 1, data: { opening: 1, items: 30, by: 'a test' } }])
  expect(published.facts).toMatchObject({ targets: 'met', missed: [], sealed: { opening: 1, items: 30 } })
  expect(sealedAsked).toHaveLength(30)
})

test('publishing the same student again asks no sealed item again, and replaces the folder', async () => {
  await madeRun([[], everything])
  await publish()
  const again = await publish()
  expect(sealedAsked).toHaveLength(30)
  expect(openings()).toHaveLength(1)
  expect(again.facts.sealed).toMatchObject({ opening: 1, before: [] })
  expect(left()).toEqual(['a-run-round-1'])
})

test('a look for another student is a second opening, and the card says so', async () => {
  const knowledge = [[], ['plain', 'loud'], everything]
  await madeRun(knowledge)
  await publish({ knowledge })
  const first = await publish({ knowledge, round: 1, anyway: true })
  expect(openings().map(({ round, data }) => [round, (data as { opening: number }).opening])).toEqual([
    [2, 1],
    [1, 2],
  ])
  const card = readFileSync(path.join(first.folder!, 'README.md'), 'utf8')
  expect(card).toContain('**The sealed split was opened 2 times**')
})

test('a fork has a copy of the sealed split: a look through either run counts for both', async () => {
  await madeRun([[], everything])
  await publish()
  const loaded = parseConfig(yaml, path.join(dir, 'whetstone.yaml'))
  const options = { workspace, loaded, plugin: toySkill(), machines: machines([[], everything, everything]) }
  await startRun({ ...options, name: 'a-fork', from: { run: 'a-run' } })
  const forked = await publish({ run: 'a-fork', round: 1, knowledge: [[], everything, everything] })
  expect(forked.facts.sealed).toMatchObject({ opening: 2, before: [{ run: 'a-run', round: 1 }] })
})

test('a student that misses its targets on gate is refused before the sealed split is opened', async () => {
  await madeRun([[], ['plain', 'loud']])
  const refused = publish({ knowledge: [[], ['plain', 'loud']] })
  await expect(refused).rejects.toMatchObject({ code: 'targets-missed', exit: 1, data: { sealed: 'closed' } })
  expect(openings()).toEqual([])
  expect(existsSync(path.join(dir, 'published'))).toBe(false)
})

test('one that misses them on the sealed split alone is refused too; --anyway publishes it, and the card says what is missed', async () => {
  await madeRun([[], everything])
  const knowledge = [[], ['plain', 'loud']] // of the published file
  await expect(publish({ knowledge })).rejects.toMatchObject({ code: 'targets-missed', data: { sealed: 'opened' } })
  expect(left()).toEqual([])
  const { folder, facts } = await publish({ knowledge, anyway: true })
  expect(sealedAsked).toHaveLength(30)
  expect(facts.targets).toBe('missed')
  expect(readFileSync(path.join(folder!, 'README.md'), 'utf8')).toMatch(/\*\*Targets are missed\*\*.*right on sealed/)
})

test('a GGUF file that does not load: nothing is published, nothing is left, and the sealed split stays closed', async () => {
  await madeRun([[], everything])
  const unusable = new WhetError({ code: 'gguf-unusable', message: 'llama.cpp does not load it.', fixedBy: 'machine' })
  const compareTokens = () => Promise.reject(unusable)
  await expect(publish({ publisher: scriptedPublisher({ compareTokens }) })).rejects.toMatchObject({
    code: 'gguf-unusable',
  })
  expect(openings()).toEqual([])
  expect(left()).toEqual([])
})

test('a failed publication leaves the earlier one as it was', async () => {
  await madeRun([[], everything])
  await publish()
  const before = readFileSync(path.join(folderOf('a-run-round-1'), 'published.json'), 'utf8')
  const write = () => Promise.reject(new Error('killed'))
  await expect(publish({ publisher: scriptedPublisher({ write }) })).rejects.toThrow('killed')
  expect(readFileSync(path.join(folderOf('a-run-round-1'), 'published.json'), 'utf8')).toBe(before)
  expect(left()).toEqual(['a-run-round-1'])
})

test('Ctrl-C leaves nothing behind, and the run is free again', async () => {
  await madeRun([[], everything])
  const stop = new AbortController()
  const write: Publisher['write'] = async (_of, signal) => {
    stop.abort(new Error('Ctrl-C'))
    signal.throwIfAborted()
  }
  const { signal } = stop
  await expect(publish({ signal, publisher: scriptedPublisher({ write }) })).rejects.toThrow('Ctrl-C')
  expect([openings(), left()]).toEqual([[], []])
  await expect(publish()).resolves.toMatchObject({ run: 'a-run' })
})

test('other tokens in the export are refused as another student', async () => {
  await madeRun([[], everything])
  const differences = [{ where: 'export', row: 'x', what: 'other tokens' }]
  const compareTokens = async () => ({ rows: 1, tokens: 9, trained: 3, differences, calls: {} })
  const refused = publish({ publisher: scriptedPublisher({ compareTokens }) })
  await expect(refused).rejects.toMatchObject({ code: 'parity-failed' })
  expect(openings()).toEqual([])
})

test('exported files that answer otherwise than the adapter are refused', async () => {
  await madeRun([[], everything])
  const refused = publish({ publisher: scriptedPublisher({}, toyStudent([])) })
  await expect(refused).rejects.toMatchObject({
    code: 'parity-failed',
    data: { faults: [expect.stringMatching(/^f16/), expect.stringMatching(/^q8_0/)] },
  })
})

test('--check compares on the split that is asked for, publishes nothing and opens nothing', async () => {
  await madeRun([[], ['plain', 'loud']])
  const { folder, facts } = await publish({ check: true, split: 'gate', items: 60, knowledge: [[], everything] })
  expect(folder).toBeUndefined()
  const { forms } = facts.agreement
  expect(forms.map(({ form, items, same }) => [form, items, same])).toEqual([
    ['adapter', 60, 60],
    ['merged', 20, 20],
    ['f16', 60, 60],
    ['q8_0', 60, 60],
  ])
  expect(forms[3]!.difference).toMatchObject({ rate: 0 })
  expect([openings(), left()]).toEqual([[], []])
})

test('a base whose licence forbids it is refused; --anyway writes the folder for oneself, --push never', async () => {
  await madeRun([[], everything])
  writeFileSync(path.join(dir, 'base', 'README.md'), '---\nlicense: cc-by-nd-4.0\n---\n')
  await expect(publish()).rejects.toMatchObject({ code: 'licence-forbids', exit: 4 })
  const push = { repository: 'me/model', private: true }
  await expect(publish({ anyway: true, push })).rejects.toMatchObject({ code: 'licence-forbids' })
  const { folder } = await publish({ anyway: true })
  expect(readFileSync(path.join(folder!, 'README.md'), 'utf8')).toContain('forbids to publish what is made from it')
})

test('a disk without room is told before anything is written', async () => {
  await madeRun([[], everything])
  // a header that speaks of 10^15 weights
  const header = JSON.stringify({ w: { dtype: 'F32', shape: [1e9, 1e6], data_offsets: [0, 1] } })
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  writeFileSync(path.join(dir, 'base', 'model.safetensors'), Buffer.concat([length, Buffer.from(header)]))
  await expect(publish()).rejects.toMatchObject({ code: 'no-room' })
  expect([openings(), left()]).toEqual([[], []])
})

test('a folder that is no publication is left alone', async () => {
  await madeRun([[], everything])
  writeFileSync(path.join(dir, 'base', 'mine.txt'), 'mine')
  await expect(publish({ out: path.join(dir, 'base') })).rejects.toMatchObject({ code: 'out-not-empty', exit: 4 })
  expect(readdirSync(path.join(dir, 'base'))).toEqual(['mine.txt'])
})

test('two publications of one run at once: the second is refused', async () => {
  await madeRun([[], everything])
  let second: Promise<unknown> = Promise.resolve()
  const slow = scriptedPublisher()
  const write: Publisher['write'] = async (of, signal) => {
    second = publish({ out: path.join(dir, 'other') })
    await second.catch(() => {})
    return slow.write(of, signal)
  }
  await publish({ publisher: { ...slow, write } })
  await expect(second).rejects.toMatchObject({ code: 'run-owned' })
})

test('a run that promoted nobody, and weights that are gone, are told as such', async () => {
  await madeRun([[], []])
  await expect(publish()).rejects.toMatchObject({ code: 'nothing-to-publish', exit: 2 })
  rmSync(workspace.run('a-run').round(1).adapter, { recursive: true })
  await expect(publish({ round: 1 })).rejects.toMatchObject({ code: 'weights-missing', exit: 3 })
})

test('a run without a sealed split is published only anyway, and the card says that nothing was measured on one', async () => {
  await madeRun([[], everything], 'a-run', yaml.replace('sealed: 30', 'sealed: 0'))
  await expect(publish()).rejects.toMatchObject({ code: 'targets-missed', data: { sealed: 'none' } })
  const { folder, facts } = await publish({ anyway: true })
  expect(facts.targets).toBe('not-measured')
  expect(readFileSync(path.join(folder!, 'README.md'), 'utf8')).toContain('**Not measured on a sealed split**')
})

test('an upload happens on request alone, after the folder is in its place', async () => {
  await madeRun([[], everything])
  const pushed: string[] = []
  const publisher = scriptedPublisher({
    push: async ({ folder, repository }) => {
      pushed.push(...readdirSync(folder).filter((name) => name.endsWith('.md')))
      return `https://hub.example/${repository}`
    },
  })
  await publish({ publisher })
  expect(pushed).toEqual([])
  const { pushed: url } = await publish({ publisher, push: { repository: 'me/model', private: true } })
  expect([url, pushed]).toEqual(['https://hub.example/me/model', ['DATA_CARD.md', 'README.md']])
})

test('what a killed publication left is removed, and an earlier one that it had moved away is put back', async () => {
  await madeRun([[], everything])
  const dead = 2 ** 22 + 1 // beyond the largest process number
  mkdirSync(folderOf(`.a-run-round-1.${dead}`), { recursive: true })
  mkdirSync(folderOf(`.a-run-round-1.${dead}-old`))
  writeFileSync(path.join(folderOf(`.a-run-round-1.${dead}-old`), 'published.json'), '{}')
  const write = () => Promise.reject(new Error('again'))
  await expect(publish({ publisher: scriptedPublisher({ write }) })).rejects.toThrow('again')
  expect(left()).toEqual(['a-run-round-1'])
})

test('cards carry intervals by split and round, hashes and the config, and no item of gate or sealed', async () => {
  await madeRun([[], everything])
  const { folder } = await publish()
  const [card, data] = ['README.md', 'DATA_CARD.md'].map((name) => readFileSync(path.join(folder!, name), 'utf8'))
  expect(card).toMatch(/\| right \| ≥ 99 % \| 0\.0 % \[.*\] \| 100\.0 % \[.*\] \| 100\.0 % \[.*\] \| PASS \|/)
  expect(card).toMatch(/requirements\.txt \| [0-9a-f]{64}/)
  expect(card).toMatch(/model\.safetensors \| 7 bytes \| [0-9a-f]{64}/)
  expect(card).toContain('q8_0: 11 of 12')
  expect(card).toContain('evaluation: { dev: 40, gate: 60, sealed: 30 }')
  expect(data).toMatch(/\| 1 \| \d+ \| \d+ \| \d+ \| \d+ \| \d+ \| 0 \| \d+ \|/)
  expect(`${card}${data}`).not.toMatch(/charlie\d|delta\d/)
})
