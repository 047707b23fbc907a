import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AnySkill, type ItemBase, isWhetError, type Split } from '../../skill.ts'
import { declarativeSkill } from './index.ts'
import type { Item } from './item.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'whet-declarative-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const whole = `skill: 1
name: moods
summary: a remark in, its mood out
schema: { type: object, required: [mood, who], properties: { mood: { enum: [good, bad] }, who: { type: string } } }
gold: { mood: "{mood}", who: "{name}" }
say: ["{mood}"]
pools:
  name: [Ada, Ben, Cleo, Dan, Eve, Fay, Gil, Hal]
phrases:
  mood:
    good: ["{name} is glad", "{name} smiles", "{name} sings", "all is well with {name}"]
    bad: ["{name} is sad", "{name} weeps", "{name} sighs", "nothing is well with {name}"]
`

const write = async (text: string, name = 'skill.yaml'): Promise<string> => {
  const file = path.join(folder, name)
  await writeFile(file, text)
  return file
}
const load = async (text: string): Promise<AnySkill> => declarativeSkill(await write(text))
const signal = new AbortController().signal

const itemsOf = async (plugin: AnySkill, split: Split, rows: number, where = {}): Promise<Item[]> => {
  const definition = await plugin.define({}, { baseDir: folder, signal, progress: () => {} })
  const items: ItemBase[] = []
  const spec = { seed: 1, split, parts: [{ where, rows }] }
  for await (const item of plugin.generate(spec, definition, { signal, progress: () => {} })) items.push(item)
  return items as Item[]
}

const gradeOf = async (plugin: AnySkill, item: Item, content: string) => {
  const definition = await plugin.define({}, { baseDir: folder, signal, progress: () => {} })
  return plugin.grade(item, [{ role: 'assistant', content }], definition, { signal })
}

describe('a skill in one file', () => {
  test('makes items whose truth is what was drawn for them', async () => {
    const plugin = await load(whole)
    const items = await itemsOf(plugin, 'train', 8)
    expect(items.length).toBeGreaterThan(2)
    for (const { request, gold, tags } of items) {
      const { mood, who } = gold as { mood: string; who: string }
      expect(request).toContain(who)
      expect(tags).toEqual({ mood: [mood] })
    }
    expect(new Set(items.map(({ tags }) => tags.mood?.[0]))).toEqual(new Set(['good', 'bad']))
  })

  test('judges the record as a whole, each property and the format', async () => {
    const plugin = await load(whole)
    const [item] = await itemsOf(plugin, 'train', 1)
    const right = JSON.stringify(item?.gold)
    const wrong = JSON.stringify({ ...(item?.gold as object), who: 'Zed' })
    const statuses = async (reply: string) =>
      Object.fromEntries(
        Object.entries((await gradeOf(plugin, item!, reply)).criteria).map(([name, { status }]) => [name, status]),
      )
    expect(await statuses(right)).toEqual({ exact: 'pass', mood: 'pass', who: 'pass', format: 'pass' })
    expect(await statuses(wrong)).toEqual({ exact: 'fail', mood: 'pass', who: 'fail', format: 'pass' })
    expect(await statuses(`Here: ${right}`)).toEqual({ exact: 'fail', mood: 'fail', who: 'fail', format: 'fail' })
    expect((await gradeOf(plugin, item!, 'Here')).failures).toEqual(['no-record'])
  })

  test('takes its items from rows, kept together by family, with a gold by expression', async () => {
    const rows = Array.from({ length: 40 }, (_, n) => ({
      family: `f${n % 20}`,
      text: `line ${n}`,
      amount: n,
      kind: n % 2 ? 'odd' : 'even',
    }))
    await write(rows.map((row) => JSON.stringify(row)).join('\n'), 'rows.jsonl')
    const plugin = await load(
      'skill: 1\nname: sums\nsummary: s\nrows: rows.jsonl\nsay: ["Double the amount of {text}: {amount}"]\nreply: json\ngold: { twice: "= amount * 2" }\nchecks: { right: { number: { at: $.twice, within: 0.5 } } }\ndimensions: { kind: kind }\n',
    )
    const items = await itemsOf(plugin, 'train', 40, { kind: ['odd'] })
    expect(items.length).toBeGreaterThan(5)
    for (const { slots, gold, tags } of items) {
      expect(gold).toEqual({ twice: Number(slots.amount) * 2 })
      expect(tags.kind).toEqual(['odd'])
    }
    const families = new Set(items.map(({ family }) => family))
    for (const { family } of await itemsOf(plugin, 'gate', 40)) expect(families).not.toContain(family)
    expect(
      (await gradeOf(plugin, items[0]!, JSON.stringify({ twice: Number(items[0]!.slots.amount) * 2 + 0.4 }))).score,
    ).toBe(1)
    await plugin.dispose?.()
  })

  test('takes its items from CSV rows and from a folder of documents', async () => {
    await write('question,answer\n"What, where?",here\nWho?,they\nWhen?,now\nWhy?,because\nHow?,so\n', 'rows.csv')
    const plugin = await load('skill: 1\nname: qa\nsummary: s\nrows: rows.csv\nsay: ["{question}"]\ngold: "{answer}"\n')
    const splits = ['train', 'dev', 'gate', 'sealed'] as const
    const items = (await Promise.all(splits.map((split) => itemsOf(plugin, split, 9)))).flat()
    expect(items.map(({ request, gold }) => [request, gold])).toContainEqual(['What, where?', 'here'])
    expect(items).toHaveLength(5)
    for (const name of ['a', 'b', 'c', 'd', 'e']) await write(`The text of ${name}.`, `${name}.txt`)
    const documents = await load(
      `skill: 1\nname: docs\nsummary: s\ndocuments: .\nsay: ["Name it: {document}"]\ngold: "{file}"\n`,
    )
    const [item] = await itemsOf(documents, 'train', 3)
    expect(item?.request).toMatch(/^Name it: The text of [a-e]\.$/)
    expect(item?.gold).toMatch(/^[a-e]\.txt$/)
  })

  test('an item whose gold cannot be made is told with its reason and trains nothing', async () => {
    const numbered = whole
      .replace('who: "{name}" }', 'who: "= $string($number(n))" }')
      .replaceAll('"{name} ', '"{n} {name} ')
      .replace('all is well', '{n} all is well')
      .replace('nothing is', '{n} nothing is')
      .replace('pools:', 'pools:\n  n: { shared: true, values: [1, 2, 3, x] }')
    const plugin = await load(numbered)
    const items = await itemsOf(plugin, 'train', 30)
    const bad = items.filter(({ slots }) => slots.n === 'x')
    expect(bad.length).toBeGreaterThan(0)
    expect(items.filter(({ fault }) => fault !== undefined)).toEqual(bad)
    const { criteria } = await gradeOf(plugin, bad[0]!, 'anything')
    expect(Object.values(criteria).every(({ status }) => status === 'fail')).toBe(true)
    expect((await itemsOf(plugin, 'gate', 30)).every(({ fault }) => fault === undefined)).toBe(true)
    await plugin.dispose?.()
  })

  test('an expression that never ends stops the generation and not the process', async () => {
    const endless = '"= ( $f := function($n) { $f($n + 1) }; $f(0) )"'
    const plugin = await load(`${whole.replace('who: "{name}" }', `who: ${endless} }`)}expressionMs: 50\n`)
    await expect(itemsOf(plugin, 'train', 30)).rejects.toMatchObject({ code: 'gold-failed', fixedBy: 'plugin' })
    await plugin.dispose?.()
  })
})

const failure = async (text: string) => {
  try {
    await load(text)
  } catch (error) {
    if (isWhetError(error)) return { code: error.code, message: error.message }
  }
  return undefined
}

describe('what is wrong with a file is told by line, column and reason', () => {
  test.each([
    [
      'an unknown slot',
      whole.replace('"{name}" }', '"{nme}" }'),
      'unknown-slot',
      ':5:30: gold.who: there is no slot "nme"; did you mean name?',
    ],
    ['a broken expression', whole.replace('"{name}" }', '"= name +" }'), 'broken-expression', ':5:'],
    [
      'an expression of chance',
      whole.replace('"{name}" }', '"= $random()" }'),
      'broken-expression',
      'another value each time',
    ],
    [
      'an unknown name in an expression',
      whole.replace('"{name}" }', '"= nmae" }'),
      'unknown-slot',
      'did you mean name?',
    ],
    ['an unknown check', `${whole}checks: { a: { regexx: x } }\n`, 'unknown-key', 'did you mean "regex"?'],
    ['a check of nothing', `${whole}checks: { a: { weight: 1 } }\n`, 'wrong-value', 'takes one of schema'],
    [
      'a check of two kinds',
      `${whole}checks: { a: { equals: $, regex: x } }\n`,
      'wrong-value',
      'here there are equals, regex',
    ],
    ['look-around', `${whole}checks: { a: { regex: '(?=a)b' } }\n`, 'broken-pattern', 'backtrack for ever'],
    ['a broken path', `${whole}checks: { a: { equals: '$.[' } }\n`, 'broken-path', ':13:27:'],
    [
      'a filter in a path',
      `${whole}checks: { a: { equals: '$[?@.a]' } }\n`,
      'broken-path',
      'filters are not supported',
    ],
    [
      'a schema that refers to itself',
      whole.replace('{ enum: [good, bad] }', '{ $ref: "#/properties/mood" }'),
      'broken-schema',
      ':4:9: schema: refers to itself at #/properties/mood',
    ],
    ['no schema', whole.replace('type: object', 'type: objct'), 'broken-schema', ':4:9: schema: is no JSON Schema'],
    [
      'a mistake of an unknown kind',
      `${whole}mistakes: [{ make: dropp, fails: exact }]\n`,
      'wrong-value',
      'did you mean drop?',
    ],
    [
      'a mistake that fails nothing',
      `${whole}mistakes: [{ make: drop, fails: exct }]\n`,
      'wrong-value',
      'did you mean exact?',
    ],
    [
      'a target of nothing',
      `${whole}targets: [{ of: right, pass: 1, warn: 0.5 }]\n`,
      'wrong-value',
      ':13:17: targets.0.of',
    ],
    ['too few wordings', whole.replace(', "all is well with {name}"', ''), 'too-few-wordings', ':11:'],
    [
      'one wording under two labels',
      whole.replace('{name} is sad', '{name} is glad'),
      'wrong-value',
      'stands under good too',
    ],
    ['a broken template', whole.replace('"{name} is sad"', '"{name is sad"'), 'broken-template', ':12:'],
    ['an unknown pool', `${whole}values: { full: ["{name} {last}"] }\n`, 'unknown-slot', 'there is no pool "last"'],
    [
      'a dimension of a value',
      `${whole}dimensions: { who: name }\n`,
      'wrong-value',
      'is a slot of phrases or a column',
    ],
    ['an unknown key', `${whole}sumary: x\n`, 'unknown-key', 'did you mean "summary"?'],
    ['no YAML', 'skill: [1', 'broken-yaml', ':1:'],
  ])('%s', async (_, text, code, words) => {
    const failed = await failure(text)
    expect(failed?.message).toContain(words)
    expect(failed?.code).toBe(code)
    expect(failed?.message).toContain('skill.yaml:')
  })

  test('all problems come at once, from the top of the file down', async () => {
    const failed = await failure(
      `${whole.replace('"{name}" }', '"{nme}" }')}targets: [{ of: right, pass: 1, warn: 0.5 }]\n`,
    )
    expect(failed?.message).toMatch(/has 2 problems[\s\S]*gold\.who[\s\S]*targets\.0\.of/)
  })

  test.each([
    ['rows.jsonl', '{"a": 1}\nnot json\n', 'rows.jsonl:2:'],
    ['rows.jsonl', '[1]\n', 'a row is one JSON object a line'],
    ['rows.csv', 'a,b\n1,2,3\n', 'rows.csv:2:'],
  ])('a broken row of %s', async (name, text, words) => {
    await write(text, name)
    const failed = await failure(`skill: 1\nname: a\nsummary: s\nrows: ${name}\nsay: ["{a}"]\ngold: "{a}"\n`)
    expect(failed).toMatchObject({ code: 'bad-data', message: expect.stringContaining(words) })
  })

  test('rows that are not there', async () => {
    const failed = await failure('skill: 1\nname: a\nsummary: s\nrows: none.jsonl\nsay: ["{a}"]\ngold: "{a}"\n')
    expect(failed).toMatchObject({ code: 'data-missing' })
  })
})
