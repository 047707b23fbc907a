import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { loadConfig } from '../../src/core/config.ts'
import { WhetError } from '../../src/core/errors.ts'
import { scriptedStudent } from '../../src/core/student.ts'
import { Workspace } from '../../src/core/workspace.ts'
import { type EvaluateRunOptions, evaluateRun } from '../../src/graph/evaluate-run.ts'
import { toySkill, toyTrainer } from '../support/toy.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'whet-depth-'))
  writeFileSync(path.join(dir, 'whetstone.yaml'), 'skill: toy\nevaluation: { dev: 24, gate: 24, sealed: 12 }\n')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

type Answer = Parameters<typeof scriptedStudent>[0]

/** The base of a toy run, answering by script. */
const measured = async (answer: Answer, options: Partial<EvaluateRunOptions>, plugin = toySkill()) =>
  evaluateRun({
    workspace: Workspace.at(dir),
    target: 'base',
    split: 'dev',
    loaded: await loadConfig(path.join(dir, 'whetstone.yaml')),
    plugin,
    machines: {
      students: {
        base: async () => ({ dir: 'toy', sha256: 'toy' }),
        open: async () => ({ student: scriptedStudent(answer), close: async () => {} }),
      },
      trainer: toyTrainer(),
    },
    ...options,
  })

const rightTo = (request: string) => {
  const [, kind = '', word = ''] = request.split(' ')
  return kind === 'loud' ? word.toUpperCase() : kind === 'twice' ? `${word} ${word}` : word
}
const says = (content: string) => ({ role: 'assistant' as const, content })

describe('pass^k', () => {
  test('asks each item several times with dice of its own, and falls with k by the formula', async () => {
    const dice = new Map<string, Set<number>>()
    const temperatures = new Set<number | undefined>()
    const result = await measured(
      (messages, _tools, { seed, temperature }) => {
        const request = messages.at(-1)?.content ?? ''
        const seeds = dice.get(request) ?? new Set<number>()
        dice.set(request, seeds.add(seed))
        temperatures.add(temperature)
        // of the replies to one item every fourth is wrong; the plain reply comes first
        return says(temperature === undefined || seeds.size % 4 !== 0 ? rightTo(request) : 'hm')
      },
      { samples: { samples: 4, temperature: 0.8 } },
    )
    expect([...temperatures]).toEqual([undefined, 0.8])
    expect([...dice.values()].map(({ size }) => size)).toEqual(Array(24).fill(5))
    expect(result.steadiness).toMatchObject({ criterion: 'right', samples: 4, items: 24 })
    // three of four right: 3/4, C(3,2)/C(4,2), C(3,3)/C(4,3), none
    expect(result.steadiness?.passHat.map(({ rate }) => rate)).toEqual(
      [0.75, 0.5, 0.25, 0].map((x) => expect.closeTo(x, 9)),
    )
  })
})

describe('other wordings', () => {
  const worded = () => ({
    ...toySkill(),
    rephrase: (item: z.output<ReturnType<typeof toySkill>['item']>, _: unknown, { count }: { count: number }) =>
      item.request.includes(' twice ')
        ? []
        : Array.from({ length: count }, (_, n) => ({
            ...item,
            id: `${item.id}-${n}`,
            request: item.request.replace(/^\S+/, `other${n}`),
          })),
  })

  test('count only where all of them are right, beside plain accuracy on the same items', async () => {
    const result = await measured(
      (messages) => {
        const request = messages.at(-1)?.content ?? ''
        return says(request.startsWith('other1') && request.includes('loud') ? 'hm' : rightTo(request))
      },
      { rephrase: 2 },
      worded(),
    )
    const { items, alone, wordings, plain, every } = result.robustness!
    expect(items + alone).toBe(24)
    expect(alone).toBeGreaterThan(0)
    expect(wordings).toBe(3 * items)
    expect(plain.rate).toBe(1)
    const loud = result.tags.find(({ criterion, where }) => criterion === 'right' && where.kind?.[0] === 'loud')?.n
    expect(items - every.passes).toBe(loud)
  })

  test('are refused for a skill that has none', async () => {
    await expect(measured(() => says('hm'), { rephrase: 2 })).rejects.toMatchObject({ code: 'no-rephrasing' })
  })
})

describe('a curve', () => {
  const settings = (n: number) => ({ label: `${n}`, options: {} })

  test('measures one point after the other; one that the student has no room for is told and the rest goes on', async () => {
    let asked = 0
    const result = await measured(
      (messages) => {
        asked += 1
        if (asked > 24 && asked <= 25)
          throw new WhetError({ code: 'student-context', message: 'too long', fixedBy: 'config' })
        return says(asked <= 24 ? 'hm' : rightTo(messages.at(-1)?.content ?? ''))
      },
      { curve: [settings(1), settings(2), settings(3)] },
    )
    const rate = (at: number) => result.curve?.[at]?.rates.find(({ of }) => of === 'right')?.rate
    expect(result.curve?.map(({ rows, problem }) => [rows, problem])).toEqual([
      [24, undefined],
      [0, 'too long'],
      [24, undefined],
    ])
    expect([rate(0), rate(1), rate(2)]).toEqual([0, undefined, 1])
  })

  test('says which of its points the progress is about', async () => {
    const parts = new Set<string | undefined>()
    const curve = [settings(1), settings(2)]
    await measured(() => says('hm'), { curve, onProgress: (_done, _total, part) => parts.add(part) })
    expect([...parts]).toEqual(['1', '2'])
  })

  test('of options that the skill does not know is refused', async () => {
    const plugin = toySkill()
    const strict = { ...plugin, options: z.strictObject({}) }
    await expect(
      measured(() => says('hm'), { curve: [{ label: 'x', options: { shown: 5 } }] }, strict),
    ).rejects.toMatchObject({ code: 'bad-options' })
  })
})
