/** `whet publish` with its real parts (exports, transformers, llama.cpp) on a model of a few thousand weights. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { parseConfig } from '../src/core/config.ts'
import type { Used } from '../src/core/llm/gateway.ts'
import { pythonEnv, trainerScript } from '../src/core/python.ts'
import { startStudentServer } from '../src/core/server.ts'
import { openAiStudent } from '../src/core/student.ts'
import { Workspace } from '../src/core/workspace.ts'
import { startRun } from '../src/graph/engine.ts'
import { whet } from './cli-fixture.ts'
import { gatewayFor, scope } from './support/llm.ts'
import { toySkill, toyStudents, toyTrainer } from './support/toy.ts'

const makeTiny = `import sys; sys.path[:0] = sys.argv[1:3]; from pathlib import Path; from tiny import make_tiny; make_tiny(Path(sys.argv[3]))`

/** A student that has learned to say one thing to everybody: sure of its words, so that no rounding changes them, and wrong. */
const trainAdapter = async () => {
  const rows = Array.from({ length: 8 }, (_, n) => ({
    id: `row-${n}`,
    prompt: [{ role: 'user', content: `say${n * 7} plain alpha${n * 1234}` }],
    completion: [{ role: 'assistant', content: 'Which file?' }],
    tools: [],
  }))
  writeFileSync(path.join(dir, 'rows.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  const params = { learningRate: 0.01, epochs: 40, packTokens: 400 }
  const job = { kind: 'sft', base: 'tiny', rows: 'rows.jsonl', out: 'trained', seed: 1, device: 'cpu', params }
  writeFileSync(path.join(dir, 'job.json'), JSON.stringify(job))
  await execa(python, [trainerScript('sft.py'), path.join(dir, 'job.json')])
}

let dir = ''
let python = ''
let workspace: Workspace
beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'whet-publish-real-'))
  python = (await pythonEnv()).python
  await execa(python, ['-c', makeTiny, trainerScript(''), trainerScript('tests'), path.join(dir, 'tiny')])
  await trainAdapter()
  workspace = new Workspace(path.join(dir, '.whetstone'))
  const text = `skill: ${path.resolve(import.meta.dirname, 'support', 'toy-plugin.ts')}
student: { base: ./tiny, maxReplyTokens: 20, slots: 2 }
evaluation: { dev: 20, gate: 60, sealed: 12 }
loop: { rounds: 1, rows: 30 }
`
  // the loop's own student is scripted and promoted; the weights of its round are the real adapter
  const trainer = toyTrainer((out) =>
    cpSync(path.join(dir, 'trained', 'adapter'), path.join(out, 'adapter'), { recursive: true }),
  )
  const machines = { trainer, students: toyStudents([[], ['plain', 'loud', 'twice']]) }
  const loaded = parseConfig(text, path.join(dir, 'whetstone.yaml'))
  await startRun({ workspace, loaded, name: 'a-run', plugin: toySkill(), machines })
}, 600_000)
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const cli = async (...words: string[]) => {
  const { code, stdout } = await whet(dir, ['publish', 'a-run', '--items', '6', '--json', ...words])
  return { code, said: JSON.parse(stdout) }
}

test('a student is published as files that stand alone and agree, and its card says which targets it misses', async () => {
  const { code, said } = await cli('--out', 'model', '--anyway')
  expect(code).toBe(0)
  const { facts } = said
  expect(facts.tokens).toMatchObject({ rows: 20, differences: [] })
  expect(facts.tokens.trained).toBeGreaterThan(0)
  expect(facts.sealed).toMatchObject({ opening: 1, items: 12 })
  const same = Object.fromEntries(
    facts.agreement.forms.map((form: { form: string; same: number }) => [form.form, form.same]),
  )
  expect(same).toEqual({ adapter: 6, merged: 6, f16: 6, q8_0: 6 })

  const card = readFileSync(path.join(dir, 'model', 'README.md'), 'utf8')
  expect(card).toContain('**Targets are missed**')
  expect(card).not.toContain(dir)
  const adapter = readFileSync(path.join(dir, 'model', 'adapter', 'adapter_config.json'), 'utf8')
  expect(JSON.parse(adapter).base_model_name_or_path).toBe('tiny')

  // the file alone, in a folder of its own
  const alone = path.join(dir, 'alone.gguf')
  cpSync(path.join(dir, 'model', 'toy-tiny-q8_0.gguf'), alone)
  const server = await startStudentServer({ python, model: alone, slots: 1 })
  const student = openAiStudent({ baseUrl: server.url, timeoutMs: 60_000, calls: 'own' })
  const asking = { signal: new AbortController().signal, maxTokens: 20, seed: 1 }
  const { turn } = await student.reply([{ role: 'user', content: 'say3 plain bravo12' }], [], asking)
  // it has learned to say one thing only: the grammar that the embedded llama.cpp makes of a schema is what it keeps to here
  const { gateway } = await gatewayFor({ judge: { model: 'student', baseUrl: server.url } })
  const Verdict = z.strictObject({ better: z.enum(['first', 'second']), sure: z.boolean() })
  const used: Used[] = []
  const judge = gateway.llm('judge', scope((one) => used.push(one)))! // biome-ignore format: one line
  const verdict = await judge.complete([{ role: 'user', content: 'say3 plain bravo12' }], Verdict)
  await gateway.close()
  await server.stop()
  expect(turn.content).toBe('Which file?')
  expect(Verdict.safeParse(verdict).success).toBe(true)
  expect(used).toHaveLength(1) // at once: nothing had to be sent back

  const load = `import sys; from transformers import AutoModelForCausalLM, AutoTokenizer
t = AutoTokenizer.from_pretrained(sys.argv[1]); AutoModelForCausalLM.from_pretrained(sys.argv[1]); print(t.apply_chat_template([{'role': 'user', 'content': 'hi'}], tokenize=False))`
  const { stdout } = await execa(python, ['-c', load, path.join(dir, 'model')])
  expect(stdout).toContain('<|im_start|>user\nhi<|im_end|>')
}, 900_000)

test('an upload without a token is told by its code, and the folder stays', async () => {
  const { HF_TOKEN: _token, ...env } = process.env
  const push = ['--folder', path.join(dir, 'tiny'), '--repository', 'me/model']
  const options = { env: { ...env, HF_HOME: dir, HF_HUB_OFFLINE: '0' }, extendEnv: false, reject: false }
  const without = await execa(python, [trainerScript('push.py'), ...push], options)
  expect([without.exitCode, JSON.parse(without.stderr.split('\n').at(-1)!).error.code]).toEqual([
    2,
    'hub-token-missing',
  ])
  const down = { ...options, env: { ...options.env, HF_TOKEN: 'hf_none', HF_ENDPOINT: 'http://127.0.0.1:9' } }
  const unreachable = await execa(python, [trainerScript('push.py'), ...push], down)
  expect([unreachable.exitCode, JSON.parse(unreachable.stderr.split('\n').at(-1)!).error.code]).toEqual([
    1,
    'hub-unreachable',
  ])
}, 300_000)
