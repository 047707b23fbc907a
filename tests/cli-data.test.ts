import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { whet } from './cli-fixture.ts'

const folder = () => mkdtempSync(path.join(tmpdir(), 'whet-data-'))
const read = (file: string) =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

test('import tells bad rows by line and reason, goes on, and export gives the good ones back as they were', async () => {
  const dir = folder()
  const good = {
    messages: [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: null, tool_calls: [] },
    ],
    meta: 1,
  }
  const lines = [
    JSON.stringify(good),
    '{"messages": [',
    JSON.stringify({ messages: [{ role: 'assistant', content: 'b' }] }),
  ]
  writeFileSync(path.join(dir, 'in.jsonl'), `${lines.join('\n')}\n`)
  const said = await whet(dir, ['data', 'import', 'in.jsonl', '--format', 'openai', '--out', 'rows.jsonl', '--json'])
  expect(said.code).toBe(1)
  expect(JSON.parse(said.stdout)).toMatchObject({
    rows: 3,
    imported: 1,
    findings: [
      { line: 2, kind: 'broken-json' },
      { line: 3, kind: 'starts-with-assistant' },
    ],
  })
  expect((await whet(dir, ['data', 'export', 'rows.jsonl', '--format', 'openai', '--out', 'out.jsonl'])).code).toBe(0)
  expect(read(path.join(dir, 'out.jsonl'))).toEqual([good])
})

test('a file for KTO with one class only is told', async () => {
  const dir = folder()
  writeFileSync(path.join(dir, 'in.jsonl'), `${JSON.stringify({ prompt: 'a', completion: 'b', label: true })}\n`)
  const said = await whet(dir, ['data', 'import', 'in.jsonl', '--format', 'kto', '--out', 'rows.jsonl', '--json'])
  expect(JSON.parse(said.stdout).findings).toMatchObject([{ kind: 'one-class', severity: 'warning' }])
})

test("a run's pairs can be exported for another trainer", async () => {
  const dir = folder()
  const pair = {
    id: 'x',
    prompt: [{ role: 'user', content: 'a' }],
    completion: [{ role: 'assistant', content: 'b' }],
    tools: [],
    label: false,
    source: 'gold',
  }
  writeFileSync(path.join(dir, 'kto.jsonl'), `${JSON.stringify(pair)}\n`)
  expect((await whet(dir, ['data', 'export', 'kto.jsonl', '--format', 'kto', '--out', 'out.jsonl'])).code).toBe(0)
  expect(read(path.join(dir, 'out.jsonl'))).toMatchObject([
    { prompt: pair.prompt, completion: pair.completion, label: false },
  ])
})
