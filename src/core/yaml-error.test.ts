import { expect, test } from 'vitest'
import { z } from 'zod'
import { parseYaml } from './yaml-error.ts'

const pack = z.strictObject({
  pack: z.literal(1),
  tools: z.record(z.string(), z.strictObject({ slots: z.array(z.string()) })),
})

test('a YAML file of any kind is read by its schema', () => {
  expect(parseYaml('pack: 1\ntools: { a: { slots: [x] } }', 'pack.yaml', pack)).toEqual({
    pack: 1,
    tools: { a: { slots: ['x'] } },
  })
})

test('what does not fit is told with the file, the line and the nearest key', () => {
  expect(() => parseYaml('pack: 1\ntools:\n  read:\n    slot: [x]\n    slots: []\n', 'pack.yaml', pack)).toThrow(
    /^pack\.yaml:4:5: tools\.read\.slot: unknown key; did you mean "slots"\?/,
  )
})

test('a place in a list is told by its line', () => {
  expect(() => parseYaml('pack: 1\ntools:\n  read:\n    slots:\n      - a\n      - 3\n', 'pack.yaml', pack)).toThrow(
    /^pack\.yaml:6:9: tools\.read\.slots\.1: expected a text, found 3/,
  )
})
