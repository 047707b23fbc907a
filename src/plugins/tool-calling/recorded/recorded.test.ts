import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { AssistantTurn, Split, Transcript } from '../../../core/contract.ts'
import { readRow } from '../../../core/data/rows.ts'
import { playGold, playStudent } from '../../../core/episode.ts'
import { scriptedStudent } from '../../../core/student.ts'
import type { Definition } from '../definition.ts'
import { toolCalling } from '../index.ts'
import { folder, quiet, statuses } from '../test-support.ts'
import { isRecording, type Recording } from './recording.ts'

const city = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
const send = {
  type: 'object',
  properties: { to: { type: 'string' }, text: { type: 'string' } },
  required: ['to', 'text'],
}
const tools = [
  { name: 'weather', description: 'Weather of a city.', parameters: city },
  { name: 'send_mail', description: 'Send a mail.', parameters: send },
]
const call = (id: string, name: string, args: object) => ({
  id,
  type: 'function',
  function: { name, arguments: JSON.stringify(args) },
})
const composed = 'Dear Ann, it is going to rain all day in Bern, so please bring an umbrella with you.'

/** A chat of a weather bot as an application logs it: a question, a call with its result, a mail, thanks. */
const chat = (n: number) => ({
  messages: [
    { role: 'user', content: `What about tomorrow, number ${n}?` },
    { role: 'assistant', content: 'Which city do you mean?' },
    { role: 'user', content: 'Bern. And tell Ann.' },
    { role: 'assistant', content: null, tool_calls: [call('a', 'weather', { city: 'Bern' })] },
    { role: 'tool', tool_call_id: 'a', content: 'rain' },
    { role: 'assistant', content: null, tool_calls: [call('b', 'send_mail', { to: 'Ann', text: composed })] },
    { role: 'tool', tool_call_id: 'b', content: 'sent' },
    { role: 'assistant', content: 'It will rain in Bern. Ann knows.' },
  ],
  tools: tools.map((tool) => ({ type: 'function', function: tool })),
})

/** A file as `whet data import` writes it. */
const imported = (rows: readonly object[], format: 'openai' | 'sharegpt' = 'openai'): string => {
  const file = path.join(folder(), 'rows.jsonl')
  const lines = rows.map((row) => JSON.stringify(readRow(row, format).row))
  writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}

const definedWith = (data: object[], options: object = {}): Promise<Definition> => {
  const catalogue = path.join(folder(), 'tools.json')
  writeFileSync(catalogue, JSON.stringify([{ name: 'other', description: 'Another tool.', parameters: city }]))
  return toolCalling.define(toolCalling.options.parse({ tools: { file: catalogue }, data, ...options }), quiet)
}

const recordingsOf = async (definition: Definition, split: Split, rows = 200): Promise<Recording[]> => {
  const items: Recording[] = []
  for await (const item of toolCalling.generate({ seed: 1, split, parts: [{ where: {}, rows }] }, definition, quiet))
    if (isRecording(item)) items.push(item)
  return items
}

let definition: Definition
let item: Recording
beforeAll(async () => {
  definition = await definedWith([{ file: imported(Array.from({ length: 60 }, (_, n) => chat(n))) }])
  item = (await recordingsOf(definition, 'train'))[0]!
})

describe('imported conversations', () => {
  test('become items of all splits, each request in one of them', async () => {
    const families = new Set<string>()
    let rows = 0
    for (const split of ['train', 'dev', 'gate', 'sealed'] as const) {
      const items = await recordingsOf(definition, split)
      expect(items.length).toBeGreaterThan(0)
      rows += items.length
      for (const { family } of items) families.add(family)
    }
    expect([rows, families.size]).toEqual([60, 60])
  })

  test('serve dev alone where the config says so, and training is refused none of its own', async () => {
    const logs = await definedWith([{ file: imported([chat(1), chat(2)]), use: 'dev' }])
    expect((await recordingsOf(logs, 'dev')).length).toBe(2)
    expect(await recordingsOf(logs, 'train')).toEqual([])
  })

  test('play their gold with the answers that were recorded, and pass their own grader', async () => {
    const gold = await playGold(item, { plugin: toolCalling, definition, signal: quiet.signal, scratch: folder() })
    expect(gold.transcript.map(({ content }) => content)).toEqual(item.messages.map(({ content }) => content))
    const grade = await toolCalling.grade(item, gold.transcript, definition, { signal: quiet.signal })
    expect(Object.values(statuses(grade)).every((status) => status === 'pass')).toBe(true)
    expect(grade.score).toBe(1)
    expect(gold.tools.map(({ name }) => name)).toEqual(['weather', 'send_mail'])
  })

  test('carry their kinds of turn and their tools as tags that a spec may ask for', async () => {
    expect(item.tags).toEqual({ kind: ['recorded'], turn: ['ask', 'call', 'answer'], tool: ['weather', 'send_mail'] })
    for (const [dimension, values] of Object.entries(item.tags))
      expect(toolCalling.dimensions(definition)[dimension]).toEqual(expect.arrayContaining([...values]))
  })
})

describe('a student in a recorded conversation', () => {
  const played = async (turns: AssistantTurn[]) => {
    let next = 0
    const student = scriptedStudent(() => turns[next++] ?? { role: 'assistant', content: 'hm' })
    const options = { plugin: toolCalling, definition, signal: quiet.signal, scratch: folder(), maxTokens: 50, seed: 1 }
    const { transcript } = await playStudent(item, student, options)
    return { transcript, grade: await toolCalling.grade(item, transcript, definition, { signal: quiet.signal }) }
  }
  const turns = (): AssistantTurn[] => item.messages.filter((message) => message.role === 'assistant')
  const lastOf = (transcript: Transcript) => transcript.at(-1)

  test('is right in words of its own, where the words were composed, and only there', async () => {
    const [ask, weather, mail, end] = turns() as [AssistantTurn, AssistantTurn, AssistantTurn, AssistantTurn]
    const mailed = (args: object): AssistantTurn => ({
      ...mail,
      toolCalls: [{ id: 'x', name: 'send_mail', arguments: args }],
    })
    const other = { role: 'assistant' as const, content: 'Where, please? Which city?' }
    const free = await played([other, weather, mailed({ to: 'Ann', text: 'Rain. Take an umbrella.' }), end])
    expect(statuses(free.grade).right).toBe('pass')
    const wrong = await played([ask, weather, mailed({ to: 'Bob', text: composed }), end])
    expect(statuses(wrong.grade)).toMatchObject({ right: 'fail', arguments: 'fail' })
  })

  test('meets no answer to a call that was not made then: the episode ends there', async () => {
    const [ask] = turns() as [AssistantTurn]
    const wrong: AssistantTurn = {
      role: 'assistant',
      content: '',
      toolCalls: [{ id: 'x', name: 'weather', arguments: { city: 'Basel' } }],
    }
    const { transcript, grade } = await played([ask, wrong])
    expect(lastOf(transcript)).toMatchObject({ role: 'tool', isError: true })
    expect(statuses(grade)).toMatchObject({ right: 'fail', 'tool-choice': 'pass', arguments: 'fail' })
  })

  test('that stops early is not right', async () => {
    const { grade } = await played([{ role: 'assistant', content: '' }])
    expect(statuses(grade).right).toBe('fail')
  })
})

test('mistakes are made at one turn of a recording and fail what they name', async () => {
  const { transcript } = await playGold(item, {
    plugin: toolCalling,
    definition,
    signal: quiet.signal,
    scratch: folder(),
  })
  let made = 0
  for (const { apply, fails } of toolCalling.mistakes)
    for (const seed of [1, 2, 3, 4, 5]) {
      const mistake = apply(item, transcript, definition, seed)
      if (!mistake) continue
      made += 1
      const said = [...transcript.slice(0, mistake.at), mistake.turn]
      const grade = await toolCalling.grade(item, said, definition, { signal: quiet.signal })
      expect(grade.criteria[fails]?.status).toBe('fail')
    }
  expect(made).toBeGreaterThan(20)
})

describe('rows that are no truth', () => {
  test('are left out and told by line: a call that the schema refuses, an unknown tool', async () => {
    const bad = (name: string, args: object) => ({
      ...chat(7),
      messages: [
        { role: 'user', content: `${name} please` },
        { role: 'assistant', content: null, tool_calls: [call('a', name, args)] },
      ],
    })
    const file = imported([chat(1), bad('weather', { town: 'Bern' }), bad('fly', {})])
    const made = await definedWith([{ file, use: 'train' }])
    expect((await recordingsOf(made, 'train')).length).toBe(1)
    expect(made.notes.filter((note) => note.includes('is left out'))).toEqual([
      expect.stringContaining('line 2'),
      expect.stringContaining('line 3'),
    ])
  })

  test('of a file that was not imported, changed or has none that can be used are coded', async () => {
    const raw = path.join(folder(), 'raw.jsonl')
    writeFileSync(raw, `${JSON.stringify(chat(1))}\n`)
    await expect(definedWith([{ file: raw }])).rejects.toMatchObject({ code: 'data-not-imported' })
    await expect(definedWith([{ file: 'nowhere.jsonl' }])).rejects.toMatchObject({ code: 'data-file-missing' })
    const file = imported([chat(1), chat(2)])
    const made = await definedWith([{ file }])
    writeFileSync(file, '')
    await expect(recordingsOf(made, 'train')).rejects.toMatchObject({ code: 'data-changed' })
    await expect(definedWith([{ file }])).rejects.toMatchObject({ code: 'data-empty' })
  })
})

test('a data set as it is found in the wild becomes items whose gold passes', async () => {
  const data = path.join(import.meta.dirname, '../../../../tests/data/synaptic-tuner')
  const rows = readFileSync(path.join(data, 'contentManager_first400.jsonl'), 'utf8').trim().split('\n')
  const file = imported(
    rows.map((row) => JSON.parse(row)),
    'sharegpt',
  )
  const made = await toolCalling.define(
    toolCalling.options.parse({ tools: { file: path.join(data, 'tool_schemas.json') }, data: [{ file }] }),
    quiet,
  )
  const items = await recordingsOf(made, 'train', 400)
  expect(items.length).toBeGreaterThan(150)
  for (const recording of items) {
    const options = { plugin: toolCalling, definition: made, signal: quiet.signal, scratch: folder() }
    const { transcript } = await playGold(recording, options)
    const grade = await toolCalling.grade(recording, transcript, made, { signal: quiet.signal })
    expect([recording.id, statuses(grade).right]).toEqual([recording.id, 'pass'])
  }
})
