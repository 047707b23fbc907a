import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Split } from '../../core/contract.ts'
import { parseTemplate } from '../../skill.ts'
import { compiled } from './compiled.ts'
import type { Definition } from './definition.ts'
import { toolCalling } from './index.ts'
import { makeMenus } from './menus.ts'
import { roughen } from './noise.ts'
import { defined, graded, itemsOf, quiet, sixTools } from './test-support.ts'

let all: Definition
let six: Definition
beforeAll(async () => {
  all = await defined()
  six = await defined({ only: sixTools })
}, 60_000)

const splits: readonly Split[] = ['train', 'dev', 'gate', 'sealed']

describe('every generated item', () => {
  test('has a gold that passes its own grader, whatever seed and split', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.constantFrom(...splits), async (seed, split) => {
        for (const item of await itemsOf(all, split, 25, {}, seed)) {
          const turn = toolCalling.gold(item, [], all)
          const grade = turn && (await graded(item, turn, all))
          expect([item.request, grade?.score, grade?.failures]).toEqual([item.request, 1, []])
        }
      }),
      { numRuns: 20 },
    )
  })

  test('has no braces and no alternatives left in its request, and shows a tool that serves it', async () => {
    for (const item of await itemsOf(all, 'train', 2000)) {
      expect(item.request).not.toMatch(/\{[a-z.]+\}|\[[^\]]*\|[^\]]*\]/)
      expect(item.menu).toHaveLength(4)
      for (const { tools } of item.truth.calls) expect(tools.some((tool) => item.menu.includes(tool))).toBe(true)
    }
  })

  test('fails the criterion that a mistake names, for every mistake that can be made on it', async () => {
    for (const item of await itemsOf(all, 'train', 300)) {
      const transcript = [{ role: 'user' as const, content: item.request }, toolCalling.gold(item, [], all)!]
      for (const { name, fails, apply } of toolCalling.mistakes) {
        const made = apply(item, transcript, all, 5)
        if (made)
          expect([item.request, name, (await graded(item, made.turn, all)).criteria[fails]?.status]).toEqual([
            item.request,
            name,
            'fail',
          ])
      }
    }
  })

  test('can be asked the wrong question, in the words of another one about the same tool', async () => {
    const asked = await itemsOf(all, 'train', 100, { kind: ['ask'] })
    const mistake = toolCalling.mistakes.find(({ name }) => name === 'asks-for-another-thing')!
    const replies = new Set(asked.map(({ reply }) => reply))
    const made = asked.flatMap((item) => {
      const transcript = [{ role: 'user' as const, content: item.request }, toolCalling.gold(item, [], all)!]
      return mistake.apply(item, transcript, all, 5)?.turn.content ?? []
    })
    expect(made.length).toBeGreaterThan(25) // tools with one argument to ask for have no other question
    expect(made.every((question) => question.endsWith('?'))).toBe(true)
    expect(made.filter((question) => replies.has(question)).length).toBeGreaterThan(made.length / 2)
  })

  test('has right calls that fit into a reply', async () => {
    for (const item of await itemsOf({ ...all, replyChars: 150 }, 'train', 500)) {
      const { toolCalls = [] } = toolCalling.gold(item, [], all) ?? {}
      const reply = toolCalls.map(({ name, arguments: args }) => JSON.stringify({ name, arguments: args })).join('')
      expect(reply.length).toBeLessThan(150)
    }
  })

  test('gives a numeric argument as a number and keeps text as text', async () => {
    const items = await itemsOf(six, 'train', 60, { tool: ['read_text_file'], options: ['some'], kind: ['call'] })
    for (const { truth } of items) {
      const { path, head, tail } = truth.calls[0]?.arguments ?? {}
      expect([typeof path?.values[0], typeof (head ?? tail)?.values[0]]).toEqual(['string', 'number'])
    }
  })

  test('names all its values in the request', async () => {
    for (const { request, truth } of await itemsOf(six, 'train', 300, { kind: ['call', 'several'] }))
      for (const { arguments: args } of truth.calls)
        for (const { values } of Object.values(args)) {
          const [value] = [values[0]].flat()
          expect(request.toLowerCase()).toContain(String(value).toLowerCase())
        }
  })
})

describe('a split', () => {
  test('shares no slot value with another one', async () => {
    const shared = new Set(
      Object.values(six.packs[0]?.content.pools ?? {}).flatMap((pool) => (pool.shared ? pool.values : [])),
    )
    const owner = new Map<string, Split>()
    for (const split of splits)
      for (const { truth } of await itemsOf(six, split, 400))
        for (const { arguments: args } of truth.calls)
          for (const name of ['path', 'source', 'destination'])
            for (const atom of atomsOf(args[name]?.values[0], six)) {
              if (shared.has(atom)) continue
              expect([atom, owner.get(atom) ?? split]).toEqual([atom, split])
              owner.set(atom, split)
            }
    expect(owner.size).toBeGreaterThan(200)
  })

  test('shares no family with another one', async () => {
    const owner = new Map<string, Split>()
    for (const split of splits)
      for (const { family } of await itemsOf(all, split, 500)) {
        expect(owner.get(family) ?? split).toBe(split)
        owner.set(family, split)
      }
  })
})

/** The pool values that a path is made of: of each part the longest beginning that a pool has. */
const atomsOf = (value: unknown, { packs }: Definition): string[] => {
  if (typeof value !== 'string') return []
  const pools = new Set(Object.values(packs[0]?.content.pools ?? {}).flatMap((pool) => pool.values))
  return value.split('/').flatMap((part) => {
    const forms = [part, part.replace(/\.\w+$/, ''), part.replace(/([-_]v?\d+)?(\.\w+)?$/, '')]
    return forms.find((form) => pools.has(form)) ?? []
  })
}

describe('two direct requests joined into one', () => {
  test('need both calls, and come from templates of their own split', async () => {
    const { families } = compiled(six)
    const singles = new Map(families.filter(({ kind }) => kind === 'call').map((family) => [family.say, family]))
    const made = families.filter(({ joined }) => joined)
    expect(made.length).toBeGreaterThan(100)
    for (const { say, splits, calls } of made) {
      const parts = [...singles.values()].filter(({ say: single }) => heldIn(say, single))
      expect([say, parts.some((part) => part.splits[0] === splits[0])]).toEqual([say, true])
      expect(calls.map(({ prefix }) => prefix)).toEqual(['a.', 'b.'])
    }
  })

  test('take the words of a pack, and none where it has none', async () => {
    const { packs } = six
    const without = packs.map(({ name, content }) => ({ name, content: { ...content, join: [] } }))
    expect(compiled({ ...six, packs: without }).families.filter(({ joined }) => joined)).toEqual([])
  })
})

/** Whether a template stands in another one, under a call's letter. */
const heldIn = (whole: string, single: string): boolean =>
  ['a', 'b'].some((letter) => {
    const spoken = single.replaceAll(/\{(\w+)\}/g, `{${letter}.$1}`).replace(/[.!]$/, '')
    return whole.toLowerCase().includes(spoken.toLowerCase())
  })

describe('a spec', () => {
  test('that asks for nothing in particular gets the kinds by their shares and the tools evenly', async () => {
    const items = await itemsOf(six, 'train', 400)
    const count = (kind: string) => items.filter((item) => item.kind === kind).length
    expect([count('call'), count('several'), count('ask'), count('decline')]).toEqual([208, 48, 80, 64])
    for (const tool of sixTools)
      expect(items.filter(({ kind, tags }) => kind === 'call' && tags.tool?.[0] === tool).length).toBeOneOf([34, 35])
  })

  test('that names several dimensions gets items that fit them all', async () => {
    const where = { tool: ['move_file', 'write_file'], style: ['indirect'] }
    const items = await itemsOf(six, 'train', 40, where)
    expect(items).toHaveLength(40)
    for (const { tags } of items)
      expect([tags.style, where.tool.includes(tags.tool?.[0] ?? '')]).toEqual([['indirect'], true])
  })

  test.each([
    [1, 'direct', 30],
    [3, 'indirect', 30],
    [2, 'direct', 20],
  ] as const)('of difficulty %i has its calls worded accordingly', async (difficulty, style, rows) => {
    const part = { where: { tool: ['move_file'], kind: ['call'] }, rows: 40, difficulty }
    let found = 0
    for await (const item of toolCalling.generate({ seed: 1, split: 'train', parts: [part] }, six, quiet))
      if (item.tags.style?.includes(style)) found += 1
    expect(found).toBe(rows)
  })

  test.each([
    ['a dimension', { tols: ['x'] }, /tool/],
    ['a value', { tool: ['read_txt_file'] }, /read_text_file/],
  ])('that names %s wrongly is told the right one', async (_, where, message) => {
    await expect(itemsOf(six, 'train', 1, where)).rejects.toThrowError(message)
  })

  test('that no phrasing fits is refused with a code', async () => {
    await expect(itemsOf(six, 'train', 1, { kind: ['decline'], tool: ['move_file'] })).rejects.toThrowError(
      expect.objectContaining({ code: 'no-phrasing' }),
    )
  })

  test('gives the same items for the same seed, each request once', async () => {
    const items = await itemsOf(six, 'gate', 300)
    expect(await itemsOf(six, 'gate', 300)).toEqual(items)
    expect(new Set(items.map(({ id }) => id)).size).toBe(items.length)
  })

  test('is cut short by an abort', async () => {
    const signal = AbortSignal.abort()
    const items = toolCalling.generate({ seed: 1, split: 'train', parts: [{ where: {}, rows: 10 }] }, six, {
      ...quiet,
      signal,
    })
    await expect(items[Symbol.asyncIterator]().next()).rejects.toThrow()
  })
})

describe('packs that are held out', () => {
  test('serve every evaluation split with all their phrasings, and train with none', async () => {
    const held = await defined({ only: sixTools, heldOut: true })
    const families = async (split: Split) =>
      new Set((await itemsOf(held, split, 2000)).map(({ family }) => family)).size
    expect(await families('gate')).toBeGreaterThan(500)
    await expect(itemsOf(held, 'train', 1)).rejects.toThrowError(expect.objectContaining({ code: 'held-out-pack' }))
  })

  test('are asked with the menus that were trained', async () => {
    expect((await defined({ only: sixTools, heldOut: true })).menus).toEqual(six.menus)
  })
})

describe('menus', () => {
  const names = Array.from({ length: 14 }, (_, index) => `tool_${index}`)

  test('are as many as asked for, show each tool about equally often, and repeat themselves for the same tools', () => {
    const menus = makeMenus(names, [], { shown: 4, count: 12 })
    const uses = names.map((name) => menus.filter((menu) => menu.includes(name)).length)
    expect([menus.length, Math.max(...uses) - Math.min(...uses) <= 1]).toEqual([12, true])
    expect(makeMenus(names, [], { shown: 4, count: 12 })).toEqual(menus)
  })

  test('hold together what one request needs, and end where the tools do', () => {
    const needed = ['tool_0', 'tool_7', 'tool_13']
    const menus = makeMenus(names, [needed], { shown: 4, count: 3 })
    expect(menus.some((menu) => needed.every((name) => menu.includes(name)))).toBe(true)
    expect(makeMenus(['a', 'b', 'c'], [], { shown: 4, count: 12 })).toEqual([expect.arrayContaining(['a', 'b', 'c'])])
  })
})

describe('surface noise', () => {
  const always = () => 0
  test('takes away no stop that belongs to a value and adds nothing behind a bare last value', () => {
    expect(roughen('Write this to a.md: Less is more.', parseTemplate('Write this to {path}: {content}'), always)).toBe(
      'hey, write this to a.md: Less is more.',
    )
  })
  test('leaves a first word that is a value as it is', () => {
    expect(roughen('README.md, please', parseTemplate('{path}, please'), always)).toContain('README.md, please')
  })
})
