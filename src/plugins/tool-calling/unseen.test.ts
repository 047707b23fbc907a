import { beforeAll, describe, expect, test } from 'vitest'
import type { Definition } from './definition.ts'
import { toolCalling } from './index.ts'
import { defined, itemsOf } from './test-support.ts'

let definition: Definition
beforeAll(async () => {
  definition = await defined({ unseenTools: ['move_file', 'search_files'] })
})
const hidden = ['move_file', 'search_files']

describe('tools that training never shows', () => {
  test('are in no request, no right call and no menu of a training item', async () => {
    const items = await itemsOf(definition, 'train', 150)
    expect(items.length).toBeGreaterThan(140)
    for (const { menu, truth, tags } of items) {
      expect(menu.filter((name) => hidden.includes(name))).toEqual([])
      expect(truth.calls.flatMap(({ tools }) => tools).filter((name) => hidden.includes(name))).toEqual([])
      expect(tags.seen ?? ['seen']).toEqual(['seen'])
    }
  })

  test('are measured apart, by a tag of dev and gate', async () => {
    expect(toolCalling.dimensions(definition).seen).toEqual(expect.arrayContaining(['seen', 'unseen']))
    for (const split of ['dev', 'gate'] as const) {
      const items = await itemsOf(definition, split, 40, { seen: ['unseen'] })
      expect(items.length).toBeGreaterThan(20)
      for (const { menu } of items) expect(menu.some((name) => hidden.includes(name))).toBe(true)
    }
  })

  test('may be aimed at by an analyst: training gets other rows in their place, never theirs', async () => {
    const items = await itemsOf(definition, 'train', 30, { tool: ['move_file'] })
    expect(items.length).toBeGreaterThan(25)
    expect(items.flatMap(({ menu }) => menu)).not.toContain('move_file')
  })

  test('have to be there', async () => {
    await expect(defined({ unseenTools: ['fly'] })).rejects.toMatchObject({ code: 'unknown-tool' })
  })
})

test('without them, definitions and items are what they were', async () => {
  const plain = await defined()
  expect(plain).not.toHaveProperty('unseenTools')
  const [item] = await itemsOf(plain, 'dev', 1)
  expect(item?.tags).not.toHaveProperty('seen')
})

test('a longer catalogue is shown where it is asked for', async () => {
  const items = await itemsOf(await defined({ shown: 10 }), 'dev', 20)
  expect(items.map(({ menu }) => menu.length)).toEqual(items.map(() => 10))
})
