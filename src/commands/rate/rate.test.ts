import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pc from 'picocolors'
import { describe, expect, test } from 'vitest'
import { readJsonl, writeJsonl } from '../../core/jsonl.ts'
import type { PreferenceRow } from '../../core/pairs.ts'
import { type Rating, tallyRatings } from '../../core/rating.ts'
import type { CommandContext } from '../command.ts'
import { grade, makeRun, row } from '../report/fixture.ts'
import { command } from './index.ts'

const signal = new AbortController().signal
const dir = mkdtempSync(path.join(tmpdir(), 'whet-rate-'))

/** A person who gives these answers, and the lines that were shown to them. */
const person = (answers: readonly string[] = []) => {
  const left = [...answers]
  const shown: string[] = []
  const context: CommandContext = {
    ...{ cwd: dir, by: 'test', interactive: false, signal, drain: signal },
    ...{ onEvent: () => {}, emit: () => {}, note: (line) => shown.push(line), progress: () => {} },
    ask: async () => left.shift(),
    turn: (work) => work(signal),
  }
  return { context, shown }
}
const rate = async (workspace: string, input: Record<string, unknown>, answers?: readonly string[]) => {
  const { context, shown } = person(answers)
  const output = await command.run(command.input.parse({ workspace, ...input }), context)
  return {
    output: output as { added: number; left: number },
    text: command.render(output, { colors: pc.createColors(false), columns: 100 }),
    shown,
  }
}

describe('rating a run', () => {
  test('shows pairs blind, keeps each answer, and does not ask about a pair again', async () => {
    const { workspace, files } = await makeRun()
    const first = await rate(workspace.root, {}, ['what?', 'a', 't'])
    expect(first.output).toMatchObject({ added: 2, left: 1 })
    expect(first.shown.join('\n')).not.toMatch(/\bbase\b(?! prose)|round 1/)
    const again = await rate(workspace.root, {}, ['b'])
    expect(again.output).toMatchObject({ added: 1, left: 0 })
    expect((await readJsonl<Rating>(files.ratings)).rows.map(({ choice }) => choice)).toEqual(['a', 'tie', 'b'])
    expect(again.text).toMatch(/3 |round 1 preferred in /)
  })
  test('another rater, and another criterion, are asked anew', async () => {
    const { workspace } = await makeRun()
    await rate(workspace.root, {}, ['a', 'a', 'a'])
    expect((await rate(workspace.root, { rater: 'Ada' }, ['q'])).output.left).toBe(3)
    expect((await rate(workspace.root, { criterion: 'voice' }, ['q'])).output.left).toBe(3)
  })
  test('never shows a gate item, and refuses a run without a promoted student', async () => {
    const { workspace, files } = await makeRun()
    const { shown } = await rate(workspace.root, {}, ['s', 's', 's'])
    expect(shown.join('\n')).not.toContain('SECRET')
    const summary = JSON.parse(readFileSync(files.round(1).summary, 'utf8'))
    writeFileSync(files.round(1).summary, JSON.stringify({ ...summary, best: 0 }))
    await expect(rate(workspace.root, {})).rejects.toMatchObject({ code: 'nothing-to-rate', exit: 2 })
  })
})

describe('the blind page', () => {
  test('holds the pairs and not whose they are, nothing of it can break out, and its picks come back', async () => {
    const { workspace, files } = await makeRun()
    await writeJsonl(files.round(0).evaluation('dev'), [
      row('dev-a', 'call', '</script><script>alert(1)</script>', grade(false)),
    ])
    await rate(workspace.root, { page: 'rate.html', criterion: 'voice' })
    const page = readFileSync(path.join(dir, 'rate.html'), 'utf8')
    expect(page).toContain('Which one sounds like you?')
    expect(page).not.toContain('</script><script>alert')
    const data = JSON.parse(/<script type="application\/json" id="pairs">(.*?)<\/script>/s.exec(page)![1]!)
    expect(JSON.stringify(data.pairs)).not.toMatch(/"from"|round 1/)
    const [{ item, a, b }] = data.pairs
    const saved = JSON.stringify({
      item,
      a: b,
      b: a,
      choice: 'a',
      criterion: 'voice',
      rater: 'me',
      at: '2026-11-23T09:00:00.000Z',
    })
    writeFileSync(path.join(dir, 'saved.jsonl'), `${saved}\n${saved}\n`)
    expect((await rate(workspace.root, { take: 'saved.jsonl', criterion: 'voice' })).output).toMatchObject({
      added: 1,
      left: 0,
    })
    const [rating] = (await readJsonl<Rating>(files.ratings)).rows
    expect(rating?.from[rating.a.includes('alert') ? 'a' : 'b']).toBe('base')
  })
  test('ratings of replies that the run does not have are refused whole', async () => {
    const { workspace, files } = await makeRun()
    writeFileSync(
      path.join(dir, 'foreign.jsonl'),
      '{"item":"x","a":"1","b":"2","choice":"a","criterion":"overall","rater":"me","at":""}\n',
    )
    await expect(rate(workspace.root, { take: 'foreign.jsonl' })).rejects.toMatchObject({ code: 'broken-ratings' })
    expect((await readJsonl(files.ratings)).rows).toEqual([])
  })
})

test('rated practice pairs become KTO rows with both labels, from train items only', async () => {
  const { workspace, files } = await makeRun()
  const ids = ['t1', 't2', 't3', 't4']
  const practice = ids.map((id) => row(id, 'call', `practice of ${id}`, grade(false)))
  await writeJsonl(files.round(1).practice, practice)
  const accepted = practice.map(({ item, transcript }) => ({
    id: `${item.id}#2`,
    prompt: transcript.slice(0, 2),
    completion: [{ role: 'assistant', content: `gold of ${item.id}` }],
    tools: [],
  }))
  await writeJsonl(files.round(1).accepted, accepted)
  await rate(workspace.root, { split: 'train' }, ['a', 'a', 'a', 'a'])
  await rate(workspace.root, {}, ['a', 'a', 'a'])
  await rate(workspace.root, { split: 'train', kto: 'kto.jsonl' })
  const { rows } = await readJsonl<PreferenceRow>(path.join(dir, 'kto.jsonl'))
  expect(rows).toHaveLength(8)
  expect(rows.filter(({ label }) => label)).toHaveLength(4)
  for (const { id } of rows) expect(ids).toContain(id.split('#')[0])
})

test('ties count half, and a rate without ratings is no rate', () => {
  const of = (choice: Rating['choice']): Rating => ({
    item: 'i',
    a: 'x',
    b: 'y',
    choice,
    criterion: 'c',
    rater: 'r',
    at: '',
    from: { a: 'base', b: 'round 1' },
  })
  expect(tallyRatings([of('b'), of('b'), of('tie'), of('a')], 'round 1')).toMatchObject({
    wins: { base: 1, 'round 1': 2 },
    ties: 1,
    rate: 0.625,
  })
  expect(tallyRatings([], 'round 1').rate).toBeUndefined()
})
