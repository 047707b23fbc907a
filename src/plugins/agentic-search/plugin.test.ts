import { describe, expect, test } from 'vitest'
import type { AssistantTurn, Llm, Transcript } from '../../core/contract.ts'
import { playGold } from '../../core/episode.ts'
import { judged } from '../../core/judge/grade.ts'
import { mulberry32, pick, seedFrom } from '../../core/random.ts'
import { agenticSearch as plugin } from './index.ts'
import type { Item } from './item.ts'
import { judgeQueries } from './queries.ts'
import { call, context, itemsOf, kind, play, signal, useWorld, world } from './test-support.ts'
import { tokenF1 } from './text.ts'
import { traceOf } from './trace.ts'

useWorld()
const right = async (turn: Parameters<typeof play>[1], of = world.items) => {
  let passed = 0
  for (const item of of) passed += (await play(item, turn)).grade.criteria.right?.status === 'pass' ? 1 : 0
  return passed / of.length
}

describe('students rank as they must', () => {
  const oracle = (messages: Transcript, item: Item) => plugin.gold(item, messages, world.definition)
  const memory = (_: Transcript, item: Item) => call('answer', { text: item.answers[0] ?? '1900', citations: item.needs.map(({ document }) => document) }) // biome-ignore format: one call
  const giveUp = () => call('not_found', { reason: 'no' })
  const searchAndGiveUp = (messages: Transcript, item: Item) =>
    messages.length === 1 ? call('search', { query: item.question.split(' ').slice(-3).join(' ') }) : giveUp()
  const random = (messages: Transcript, item: Item) => {
    const chance = mulberry32(seedFrom(item.id, messages.length))
    const word = () => pick(chance, item.question.split(' '))
    const turns = [call('search', { query: word() }, messages.length), call('read', { document: String(10 + Math.floor(chance() * 800)) }, messages.length), call('answer', { text: word(), citations: [] }), giveUp()] // biome-ignore format: four turns
    return pick(chance, turns)
  }

  test('the oracle is right everywhere; memory and giving up at once only where nothing has to be found', async () => {
    expect(await right(oracle)).toBe(1)
    const searched = world.items.filter(({ kind: of }) => of !== 'in-context')
    expect(await right(memory, searched)).toBe(0)
    expect(await right(giveUp)).toBe(0)
  })

  test('random answers and a student that always gives up stay far below', async () => {
    const unanswerable = world.items.filter(({ kind: of }) => of === 'unanswerable').length / world.items.length
    const gaveUp = await right(searchAndGiveUp)
    expect(gaveUp).toBeLessThanOrEqual(unanswerable)
    expect(gaveUp).toBeGreaterThan(0)
    expect(await right(random)).toBeLessThan(gaveUp)
  })

  test('always giving up buys "not found" with false ones, and the balanced rate shows it', async () => {
    const rows = []
    for (const item of world.items) rows.push({ item, ...(await play(item, searchAndGiveUp)) })
    const measured = plugin.pooled!(rows, world.definition)
    expect(measured['not-found-balanced']!.value).toBeCloseTo(0.5, 1)
    expect(measured.steps!.value).toBeCloseTo(2, 1)
    const counted = rows.map((row, at) => ({ ...row, tokens: { prompt: 900, completion: at % 2 === 0 ? 20 : 40 } }))
    expect(plugin.pooled!(counted, world.definition).tokens).toEqual({ value: 30, n: rows.length })
    expect(measured).not.toHaveProperty('tokens')
  })
})

describe('items', () => {
  test('come in every kind, with spans that stand word for word in their documents', async () => {
    expect(new Set(world.items.map((item) => item.kind)).size).toBe(11)
    for (const item of world.items) {
      const { transcript } = await playGold(item, { plugin, definition: world.definition, signal, scratch: world.dir })
      const { opened } = traceOf(transcript)
      for (const { document, text } of item.evidence) expect(opened.get(document), item.question).toContain(text)
    }
  })

  test('of a mismatch share no word with their document, and the gold recovers from the first query', async () => {
    const item = kind('mismatch')
    const { transcript } = await playGold(item, { plugin, definition: world.definition, signal, scratch: world.dir })
    const searches = traceOf(transcript).steps.filter(({ turn }) => turn.toolCalls?.[0]?.name === 'search')
    expect(searches.length).toBe(2)
    const words = (text: string) => new Set(text.toLowerCase().match(/\p{L}{4,}/gu))
    const document = traceOf(transcript).opened.get(item.needs[0]!.document)!
    expect([...words(item.question)].filter((word) => words(document).has(word))).toEqual([])
  })

  test('whose document is hidden cannot be answered, by no tool', async () => {
    const item = world.items.find(({ hidden }) => hidden.length > 0)!
    const environment = await plugin.environment!(item, world.definition, { signal, scratch: world.dir })
    const ask = (name: string, given: unknown) => environment.call({ id: 'x', name, arguments: given }, signal)
    expect((await ask('search', { query: item.question, limit: 20 })).content).not.toContain(`[${item.hidden[0]}]`)
    expect(await ask('read', { document: item.hidden[0] })).toMatchObject({ isError: true })
  })

  test('of a hard part are mostly of hard kinds, of an easy one of easy kinds', async () => {
    const share = async (difficulty: 1 | 3, kinds: readonly string[]) => {
      const spec = { seed: 1, split: 'train' as const, parts: [{ where: {}, rows: 100, difficulty }] }
      let found = 0
      for await (const item of plugin.generate(spec, world.definition, context))
        found += Number(kinds.includes(item.kind))
      return found
    }
    const [easy, hard] = [['fact', 'near-title', 'in-context'], ['mismatch', 'two-hop', 'aggregation', 'temporal', 'negation']] // biome-ignore format: two lists
    expect(await share(1, easy)).toBeGreaterThan(60)
    expect(await share(3, hard)).toBeGreaterThan(45)
    expect(await share(3, easy)).toBeLessThan(35)
  })

  test('of two splits stand on different documents', async () => {
    const documents = (of: readonly Item[]) => new Set(of.flatMap(({ needs }) => needs.map(({ document }) => document)))
    const gate = documents(await itemsOf(world.definition, 150, 'gate'))
    expect([...documents(world.items)].filter((id) => gate.has(id))).toEqual([])
  })
})

describe('grades', () => {
  const verdict = async (item: Item, ...turns: AssistantTurn[]) => (await play(item, (messages) => turns[messages.filter(({ role }) => role === 'assistant').length])).grade.criteria // biome-ignore format: one call
  const statusOf = (criteria: Awaited<ReturnType<typeof verdict>>, name: string) => criteria[name]?.status

  test('the wrong document of a similar title: hit, but no recall, no precision and the canary', async () => {
    const item = world.items.find(({ kind: of, canaries }) => of === 'near-title' && canaries.length > 0)!
    const { document, queries } = item.needs[0]!
    const found = (
      await play(item, (messages) => (messages.length === 1 ? call('search', { query: queries.at(-1)! }) : undefined))
    ).transcript
    const twin = [...traceOf(found).shown].find((id) => id !== document)!
    const criteria = await verdict(item, call('search', { query: queries.at(-1)! }), call('read', { document: twin }), call('answer', { text: item.canaries[0]!, citations: [twin] })) // biome-ignore format: one call
    expect([
      statusOf(criteria, 'hit'),
      statusOf(criteria, 'document-recall'),
      statusOf(criteria, 'canary'),
      statusOf(criteria, 'right'),
    ]).toEqual(['pass', 'fail', 'fail', 'fail'])
    expect(criteria['document-precision']).toMatchObject({ score: 0 })
  })

  test('an answer that is right but says more than its source is not grounded', async () => {
    const item = world.items.find(({ kind: of, answers }) => of === 'near-title' && /^\d+$/.test(answers[0]!))!
    const { document, queries } = item.needs[0]!
    const opening = [call('search', { query: queries.at(-1)! }), call('read', { document }, 1)]
    const grounded = async (text: string) =>
      statusOf(await verdict(item, ...opening, call('answer', { text, citations: [document] }, 2)), 'groundedness')
    expect(await grounded(`In ${item.answers[0]}.`)).toBe('pass')
    expect(await grounded(`In ${item.answers[0]}, by order of King Oswald.`)).toBe('fail')
  })

  test('of a document that nobody opened there is no precision', async () => {
    const item = kind('fact')
    expect(statusOf(await verdict(item, call('answer', { text: 'x', citations: [] })), 'document-precision')).toBe(
      'not-applicable',
    )
  })

  test('the reference value of token F1, and queries by their fault', () => {
    expect(tokenF1('The treaty was signed in Basel in 1998', 'signed in Basel, 1998')).toBeCloseTo(0.727273, 6)
    const item = { ...kind('fact'), question: 'When was the old town bridge opened?', needs: [], looks: [] }
    expect(judgeQueries(['old town bridge'], item).score).toBe(1)
    expect(judgeQueries(['When was the old town bridge opened'], item).reason).toBe('the whole question as a query')
    expect(judgeQueries(['town bridge', 'bridge town!'], item)).toEqual({ score: 0.5, reason: 'the same query again' })
    expect(judgeQueries(['town bridge', 'Zemen'], { ...item, answers: ['Zemen'] }).reason).toMatch(/found already/)
  })

  test('a judge is asked whether what was read supports an answer, beside what code has decided, and about nothing else', async () => {
    const asked: string[] = []
    const judge: Llm = {
      complete: async (prompt, schema) => {
        asked.push(prompt.at(-1)!.content)
        return schema.parse({ reasons: 'r', score: 1 })
      },
    }
    const { rubrics } = plugin
    for (const [item, status] of [
      [kind('fact'), 'fail'],
      [kind('unanswerable'), 'not-applicable'],
    ] as const) {
      // biome-ignore format: one line
      const { transcript } = await play(item, (messages) => plugin.gold(item, messages, world.definition))
      const graded = await plugin.grade(item, transcript, world.definition, { signal, judge })
      const { criteria } = await judged(graded, { rubrics, transcript, judge })
      expect([criteria.supported?.status, criteria.right?.status]).toEqual([status, 'pass'])
    }
    expect(asked).toHaveLength(1)
    expect(asked[0]).toContain('support every claim')
  })

  test('several calls in a turn, prose and broken calls are no valid episodes', async () => {
    const item = kind('fact')
    const two = { ...call('search', { query: 'a' }), toolCalls: [call('search', { query: 'a' }).toolCalls![0]!, call('search', { query: 'b' }, 1).toolCalls![0]!] } // biome-ignore format: one turn
    for (const turn of [
      two,
      { role: 'assistant' as const, content: 'It is 1900.' },
      call('serch', {}),
      call('search', {}),
      { role: 'assistant' as const, content: '<tool_call>{"name": "search"' },
    ])
      expect(statusOf(await verdict(item, turn), 'format')).toBe('fail')
  })
})
