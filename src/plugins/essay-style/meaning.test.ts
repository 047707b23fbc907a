import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answers, type ScriptedOpenAi, startScriptedOpenAi } from '../../../tests/support/scripted-openai.ts'
import type { Definition } from './definition.ts'
import { draftOf, written } from './draft.ts'
import { essayStyle } from './index.ts'
import type { Idea, Item } from './item.ts'
import { linesOf } from './report.ts'
import { definitionOf, itemsOf } from './test-support.ts'

const { signal } = new AbortController()
let server: ScriptedOpenAi
let broken = false
let definition: Definition
let items: Item[]
/** What means the same to the scripted model: texts that match the same of these lie in one direction. */
let senses: readonly RegExp[] = []
const rest = 0.01 // keeps texts without any sense apart from nothing
/** Vectors are remembered: other senses need another model. */
const mean = async (of: RegExp) => {
  await essayStyle.dispose?.()
  senses = [of]
}

beforeAll(async () => {
  server = await startScriptedOpenAi(
    ({ input }) =>
    broken
      ? answers.failing(401)
      : { body: JSON.stringify({ data: (input as string[]).map((text) => ({ embedding: [...senses.map((sense) => Number(sense.test(text))), rest] })) }) }, // biome-ignore format: one answer
  )
  const plain = await definitionOf()
  definition = { ...plain, embeddings: { model: 'small', baseUrl: server.url, timeoutSeconds: 5 } }
  items = (await itemsOf(plain, 60, { kind: ['outline'], disturbance: ['correction'] })).slice(0, 8)
})
afterAll(async () => {
  await essayStyle.dispose?.()
  await server.close()
})

/** The ideal outline with one idea in words that nobody said. */
const rewordedAt = (item: Item, place: number, body = 'Owls juggle marmalade near Vienna.') => {
  const { contract } = definition
  const draft = draftOf(item, item.ideas, contract)
  const sections = draft.sections.map((section, at) => (at === place ? { heading: 'Owls at work', body } : section))
  return written({ ...draft, sections }, contract)
}
const graded = async (item: Item, reply: string, of: Definition) => {
  const transcript = [...essayStyle.begin(item, of).messages, { role: 'assistant' as const, content: reply }]
  return { transcript, grade: await essayStyle.grade(item, transcript, of, { signal }) }
}
const claimOf = ({ claims }: Idea) => new RegExp(claims[0]!)
/** A place whose idea is tied to no other one and matters no more than others. */
const placeIn = ({ ideas }: Item) => ideas.findIndex(({ relation, weight }, at) => at > 0 && relation === 'and' && weight === 1) // biome-ignore format: one line

describe('an idea in other words', () => {
  test('is covered and not invented where an embedding model is configured; by words alone it is neither', async () => {
    const plain = await definitionOf()
    let tried = 0
    for (const item of items) {
      const place = placeIn(item)
      if (place < 0) continue
      tried += 1
      await mean(new RegExp(`${item.ideas[place]!.claims[0]}|Owls`))
      const reply = rewordedAt(item, place)
      const [byWords, byMeaning] = [await graded(item, reply, plain), await graded(item, reply, definition)]
      const score = ({ grade }: typeof byWords, name: string) => {
        const verdict = grade.criteria[name]!
        return 'score' in verdict ? verdict.score : undefined
      }
      expect(score(byWords, 'coverage')).toBeLessThan(1)
      expect(score(byWords, 'faithfulness')).toBeLessThan(1)
      expect([score(byMeaning, 'coverage'), score(byMeaning, 'faithfulness')]).toEqual([1, 1])
      const marks = (of: typeof byWords) => linesOf({ item, ...of }, definition).flatMap(({ mark }) => mark ?? [])
      expect(marks(byWords)).toEqual(['invented', 'invented', 'missing'])
      expect(marks(byMeaning)).toEqual([])
    }
    expect(tried).toBeGreaterThan(3)
  })
  test('is not covered by what is as near to another idea, or to a claim that was taken back', async () => {
    for (const item of items) {
      const place = placeIn(item)
      const other = item.ideas.findIndex((_, at) => at !== place)
      if (place < 0) continue
      for (const rival of [claimOf(item.ideas[other]!), new RegExp(item.withdrawn[0]!.claim)]) {
        await mean(new RegExp(`${item.ideas[place]!.claims[0]}|Owls|${rival.source}`))
        const { grade } = await graded(item, rewordedAt(item, place), definition)
        expect(grade.criteria.coverage).toMatchObject({ reason: expect.stringContaining('not covered') })
      }
    }
  })
  test('is not covered by one idea said twice', async () => {
    const [item] = items
    await mean(new RegExp(`${item!.ideas[1]!.claims[0]}|Owls`))
    const { grade } = await graded(item!, rewordedAt(item!, 2), definition)
    expect(grade.criteria.coverage).toMatchObject({ reason: expect.stringContaining(item!.ideas[2]!.claims[0]!) })
  })
})

test('a text is read as a vector once', async () => {
  await mean(/Owls/)
  const reply = rewordedAt(items[0]!, 1, 'Owls sing once.')
  await graded(items[0]!, reply, definition)
  const before = server.requests.length
  await graded(items[0]!, reply, definition)
  expect(server.requests.length).toBe(before)
})

test('a model that refuses is an error that names the setting, not a bad grade', async () => {
  broken = true
  await expect(graded(items[1]!, rewordedAt(items[1]!, 1, 'Owls fly off.'), definition)).rejects.toMatchObject({
    code: 'llm-key-refused',
    message: expect.stringContaining('options.embeddings'),
  })
  broken = false
})
