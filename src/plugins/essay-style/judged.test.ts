import { describe, expect, test } from 'vitest'
import type { Llm, Transcript } from '../../core/contract.ts'
import { judged } from '../../core/judge/grade.ts'
import type { Definition } from './definition.ts'
import { essayStyle } from './index.ts'
import type { Item } from './item.ts'
import { definitionOf, goldOf, itemsOf } from './test-support.ts'

const { signal } = new AbortController()
const judgeThat = (score: number): Llm & { readonly asked: string[] } => {
  const asked: string[] = []
  return {
    asked,
    complete: async (prompt, schema) => {
      asked.push(prompt.at(-1)!.content)
      return schema.parse({ reasons: 'said so', score })
    },
  }
}
const graded = async (item: Item, transcript: Transcript, definition: Definition, judge?: Llm) => {
  const grade = await essayStyle.grade(item, transcript, definition, { signal, ...(judge && { judge }) })
  return judged(grade, { rubrics: essayStyle.rubrics, transcript, judge })
}
const ofJudges = ['challenge', 'specific', 'sounds-like'] as const
const statuses = async (...given: Parameters<typeof graded>) => {
  const { criteria } = await graded(...given)
  return ofJudges.map((name) => criteria[name]?.status)
}

describe('what a judge is asked about an outline', () => {
  test('is nothing where there is none, and its answers stand beside what code has decided', async () => {
    const definition = await definitionOf()
    const [item] = await itemsOf(definition, 1, { kind: ['outline'] })
    const gold = await goldOf(item!, definition)
    expect(await statuses(item!, gold, definition)).toEqual(Array(3).fill('not-applicable'))
    expect(await statuses(item!, gold, definition, judgeThat(4))).toEqual(Array(3).fill('pass'))
    expect(await statuses(item!, gold, definition, judgeThat(1))).toEqual(Array(3).fill('fail'))
    const [without, with_] = [
      await graded(item!, gold, definition),
      await graded(item!, gold, definition, judgeThat(0)),
    ]
    expect([with_.score, with_.criteria.right]).toEqual([without.score, without.criteria.right])
  })
  test('shows it the author’s own texts where it is to hear the author, and those of nobody else', async () => {
    const definition = await definitionOf()
    const [item] = await itemsOf(definition, 1, { kind: ['outline'] })
    const judge = judgeThat(4)
    await graded(item!, await goldOf(item!, definition), definition, judge)
    expect(judge.asked).toHaveLength(3)
    const heard = judge.asked.filter((text) => text.includes('Samples of the author'))
    expect(heard).toHaveLength(1)
    const passages: string[] = JSON.parse(/author's writing:\n(.*)/.exec(heard[0]!)![1]!)
    expect(passages).toHaveLength(3)
    for (const passage of passages) expect(passage.split(' ').length).toBeGreaterThan(100)
  })
  test('is not asked about silence, and only about the voice of a passage', async () => {
    const definition = await definitionOf('default')
    const judge = judgeThat(4)
    const [outline] = await itemsOf(definition, 1, { kind: ['outline'] })
    const opening = essayStyle.begin(outline!, definition).messages
    expect(await statuses(outline!, [...opening, { role: 'assistant', content: ' ' }], definition, judge)).toEqual(
      Array(3).fill('not-applicable'),
    )
    expect(judge.asked).toEqual([])
    const [passage] = await itemsOf(definition, 1, { kind: ['passage'] })
    expect(await statuses(passage!, await goldOf(passage!, definition), definition, judge)).toEqual([
      'not-applicable',
      'not-applicable',
      'pass',
    ])
  })
  test('stays ungraded where the author’s texts are gone', async () => {
    const plain = await definitionOf()
    const definition = { ...plain, voice: { ...plain.voice, source: { folder: '/no/such/folder', texts: {} } } }
    const [item] = await itemsOf(plain, 1, { kind: ['outline'] })
    const { criteria } = await graded(item!, await goldOf(item!, plain), definition, judgeThat(4))
    expect(criteria['sounds-like']).toEqual({ status: 'ungraded', reason: "the author's texts are gone or changed" })
    expect(criteria.challenge).toMatchObject({ status: 'pass' })
  })
})
