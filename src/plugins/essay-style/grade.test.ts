import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readContract } from './contract.ts'
import { draftOf, written } from './draft.ts'
import { copiedRun, fingerprintsOf } from './fingerprints.ts'
import { longestRise } from './order.ts'
import { namedParts, parseOutline } from './parse.ts'
import { context, definitionOf, failedBy, failedIn, goldOf, itemsOf } from './test-support.ts'
import { isQuestion } from './turns.ts'

const outline = { kind: ['outline'] }

describe.each(['compact', 'default'] as const)('students that must score as they deserve, %s contract', (contract) => {
  const items = async (rows: number, where = outline) => {
    const definition = await definitionOf(contract)
    return { definition, items: await itemsOf(definition, rows, where) }
  }
  test('the oracle fails nothing, of any kind of item', async () => {
    const definition = await definitionOf(contract)
    for (const item of await itemsOf(definition, 40))
      expect(await failedIn(item, definition, await goldOf(item, definition))).toEqual([])
  })
  test('silence fails everything', async () => {
    const made = await items(3)
    for (const item of made.items)
      expect(await failedBy(item, made.definition, '')).toEqual([
        'right',
        'structure',
        'coverage',
        'faithfulness',
        'concision',
        'length',
        'order',
        'voice',
      ])
  })
  test('the brainstorm said back covers the ideas and is no outline', async () => {
    const made = await items(10)
    for (const item of made.items) {
      const failed = await failedBy(item, made.definition, item.brainstorm)
      expect(failed).toContain('structure')
      expect(failed).not.toContain('coverage')
    }
  })
  test("another item's outline is well built and says what nobody said", async () => {
    const made = await items(10)
    for (const [at, item] of made.items.entries()) {
      const other =
        made.items.find((each, place) => place > at && each.topic !== item.topic) ??
        made.items.find(({ topic }) => topic !== item.topic)!
      const reply = written(draftOf(other, other.ideas, made.definition.contract), made.definition.contract)
      expect(await failedBy(item, made.definition, reply)).toEqual(
        expect.arrayContaining(['right', 'coverage', 'faithfulness', 'order']),
      )
    }
  })
  test('an outline that could belong to any essay fails structure, coverage and order', async () => {
    const made = await items(10)
    for (const item of made.items) {
      const blank = draftOf(item, item.ideas, made.definition.contract)
      const sections = blank.sections.map((_, at) => ({
        heading: `Point ${at + 1}`,
        body: 'Here you make a point. It is a good one.',
      }))
      const reply = written({ ...blank, title: 'An essay of yours', sections }, made.definition.contract)
      expect(await failedBy(item, made.definition, reply)).toEqual(
        expect.arrayContaining(['structure', 'coverage', 'order']),
      )
    }
  })
  test('an idea whose claim is taken from another idea is covered by neither and not what was said', async () => {
    const made = await items(5)
    for (const item of made.items) {
      const [a, b, ...rest] = item.ideas
      const crossed = [{ ...a!, claims: b!.claims }, { ...b!, claims: a!.claims }, ...rest]
      const reply = written(draftOf(item, crossed, made.definition.contract), made.definition.contract)
      expect(await failedBy(item, made.definition, reply)).toContain('faithfulness')
    }
  })
})

describe('two exchanges', () => {
  test('a needless question costs the point for it, and the outline that follows is judged all the same', async () => {
    const definition = await definitionOf()
    const [item] = await itemsOf(definition, 1, outline)
    const gold = await goldOf(item!, definition)
    const asked = [
      ...gold.slice(0, 2),
      { role: 'assistant' as const, content: 'What do you mean?' },
      { role: 'user' as const, content: 'Go on.' },
      gold.at(-1)!,
    ]
    expect(await failedIn(item!, definition, asked)).toEqual(['right', 'clarifies'])
  })
  test('a revision that changes what was fine, or does nothing, is told from one that obeys', async () => {
    const definition = await definitionOf('default')
    for (const item of await itemsOf(definition, 12, { kind: ['revise'] })) {
      const gold = await goldOf(item, definition)
      const same = [...gold.slice(0, -1), gold[2]!]
      expect(await failedIn(item, definition, same)).toContain('revision')
      const loose = gold.at(-1)!.content.replace(/^(It|But it|So it|Because it) /gm, 'Perhaps it ')
      expect(await failedIn(item, definition, [...gold.slice(0, -1), { role: 'assistant', content: loose }])).toContain(
        'revision',
      )
    }
  })
  test('one question is a question; a list, an outline and two questions are not', () => {
    expect(isQuestion('What should it show?')).toBe(true)
    for (const text of ['', 'What? Why?', '# Title\nWhat?', 'It shows this.', '- what?'])
      expect(isQuestion(text)).toBe(false)
  })
})

describe('reading an outline', () => {
  test('no reply makes the parser or the grader throw', async () => {
    const definition = await definitionOf()
    const [item] = await itemsOf(definition, 1, outline)
    const piece = fc.constantFrom(
      '# A\n',
      '## Overview\n',
      '- x\n',
      '**b** ',
      '\n\n',
      '```\n',
      '| a | b |\n',
      '1. z\n',
      'words here ',
      '<div>',
      '# # #\n',
      '\u0000',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
        expect(await failedBy(item!, definition, pieces.join(''))).toContain('right')
      }),
      { numRuns: 60 },
    )
  })
  test('parts are found by the names that the contract gives them, whatever their case', () => {
    const contract = readContract('compact', context.baseDir)
    const named = namedParts(
      parseOutline('# T\n\n## overview\nA.\n\n## The lamp\nB.\n\n## TONE & VOICE\nC.\n\n## Next steps\nD\n- e'),
      contract,
    )
    expect(named.order).toEqual(['overview', 'section', 'tone', 'next'])
    expect(named.next).toMatchObject({ paragraphs: ['D'], bullets: [{ text: 'e', bold: '' }] })
  })
  test('the longest rise is that of a sorted list where it is sorted, and never more than there is', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(20)), (places) => {
        expect(longestRise(places.toSorted((a, b) => a - b))).toBe(places.length)
        expect(longestRise(places)).toBeLessThanOrEqual(places.length)
        if (places.length > 1) expect(longestRise(places.toSorted((a, b) => b - a))).toBe(1)
      }),
    )
  })
  test('every copied run of nine words is found, and a text of its own is not', () => {
    const words = Array.from({ length: 400 }, (_, at) => `w${at}`)
    const prints = fingerprintsOf([words.join(' ')])
    fc.assert(
      fc.property(
        fc.nat(391),
        (from) => copiedRun(`so I say ${words.slice(from, from + 9).join(' ')} again`, prints) !== undefined,
      ),
    )
    expect(copiedRun(words.toReversed().join(' '), prints)).toBeUndefined()
  })
})

test('a contract of one’s own is read from YAML, and a wrong one says where', () => {
  expect(() => readContract('no-such.yaml', context.baseDir)).toThrow(/no output contract "no-such.yaml"/)
  expect(readContract('default', context.baseDir).sections.count).toEqual([4, 6])
})
