import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { catalogueOfFile } from './catalog.ts'
import { loadPack, parsePack } from './pack.ts'
import { checkPack, packProblems } from './pack-check.ts'
import { defined, definedLive, listed, sixTools, tool, written } from './test-support.ts'

const read = tool('read', { path: { type: 'string' }, head: { type: 'number' } }, ['path'])

/** A small pack that is right, with one part of it replaced. */
const pack = (tools: object, more: object = {}) =>
  parsePack(
    JSON.stringify({
      pack: 1,
      pools: { stem: ['a', 'b', 'c'], number: { shared: true, values: [1, 2] } },
      values: { file: ['{stem}.md'], count: ['{number}'] },
      tools: {
        read: {
          slots: { path: 'file', head: 'count' },
          arguments: { path: '{path}', head: '{head}' },
          say: { direct: ['Read {path}'] },
          ...tools,
        },
      },
      ...more,
    }),
    'test',
  )
const problems = (tools: object, more: object = {}) => packProblems(pack(tools, more), [read])

test('the small pack is right as it stands', () => {
  expect(problems({})).toEqual([])
})

describe('a pack that does not fit its tools is refused, saying where and what is right', () => {
  test.each([
    ['a slot that the tool lacks', { say: { direct: ['Read {pth}'] } }, 'pack-unknown-slot', 'path'],
    [
      'an argument that the schema lacks',
      { arguments: { path: '{path}', haed: '{head}' } },
      'pack-unknown-argument',
      'head',
    ],
    [
      'a fixed argument that the schema lacks',
      { say: { direct: [{ say: '{path}', with: { heads: 3 } }] } },
      'pack-unknown-argument',
      'head',
    ],
    [
      'a fixed argument of another type',
      { say: { direct: [{ say: '{path}', with: { head: 'three' } }] } },
      'pack-wrong-type',
      'number',
    ],
    [
      'a required argument that is not said',
      { say: { direct: ['Read the first {head} lines'] } },
      'pack-missing-slot',
      '{path}',
    ],
    ['a value that does not exist', { slots: { path: 'fiel', head: 'count' } }, 'pack-unknown-slot', 'file'],
    ['words where the schema wants a number', { slots: { path: 'file', head: 'file' } }, 'pack-wrong-type', 'number'],
    ['a broken template', { say: { direct: ['Read {path'] } }, 'pack-broken-template', 'brace'],
    [
      'a slot among alternatives',
      { say: { direct: ['[Read {path}|Show {path}]'] } },
      'pack-broken-template',
      'two phrasings',
    ],
    [
      'a request that lacks nothing',
      { ask: { path: { names: ['file'], say: ['Read {path}'], reply: ['Which file?'] } } },
      'pack-missing-slot',
      'nothing is missing',
    ],
    [
      'asking for an optional argument',
      { ask: { head: { names: ['lines'], say: ['Read it'], reply: ['How many lines?'] } } },
      'pack-unknown-slot',
      'no required argument',
    ],
    [
      'a reply that does not ask',
      { ask: { path: { names: ['file'], say: ['Read it'], reply: ['The file is missing.'] } } },
      'pack-unclear-reply',
      'no question',
    ],
  ])('%s', (_, tools, code, hint) => {
    const [problem] = problems(tools)
    expect(problem).toMatchObject({ code })
    expect(`${problem?.at} ${problem?.message}`).toContain(hint)
  })

  test('a refusal that does not refuse', () => {
    expect(problems({}, { decline: { say: ['Sing'], reply: ['La la la.'] } })).toMatchObject([
      { code: 'pack-unclear-reply' },
    ])
  })

  test('several calls of a tool that the pack lacks', () => {
    expect(problems({}, { several: [{ say: '{a.path}', calls: { a: 'raed' } }] })[0]).toMatchObject({
      code: 'pack-unknown-tool',
    })
  })

  test('all problems come at once, the error has the code of the first', () => {
    const broken = { name: 'test', content: pack({ say: { direct: ['{pth}', '{paht}'] } }) }
    expect(() => checkPack(broken, [read], [read])).toThrowError(
      expect.objectContaining({ code: 'pack-unknown-slot', message: expect.stringContaining('direct[1]') }),
    )
  })

  test('a tool that the catalogue lacks is skipped and noted', () => {
    expect(checkPack({ name: 'test', content: pack({}) }, [tool('other')], [tool('other')])).toEqual([
      expect.stringContaining('read'),
    ])
  })
})

test('broken YAML is told with file, line and column', async () => {
  const file = written('broken.yaml', 'pack: 1\npools:\n  stem: [a, b\nvalues: {}\n')
  await expect(loadPack(file, '/')).rejects.toThrowError(
    expect.objectContaining({ code: 'broken-yaml', message: expect.stringMatching(/broken\.yaml:\d+:\d+/) }),
  )
})

describe('a pack that is a folder', () => {
  const tools =
    'pack: 1\npools: { stem: [a, b] }\ntools: { read: { slots: { path: stem }, say: { direct: ["Read {path}"] } } }\n'
  const folder = (more: string) => {
    const at = path.dirname(written('one.yaml', tools))
    writeFileSync(path.join(at, 'two.yaml'), more)
    return at
  }

  test('is the sum of its files', async () => {
    const { content } = await loadPack(
      folder('tools: { read: { say: { direct: ["Show {path}"] } } }\npools: { number: [1] }\n'),
      '/',
    )
    expect(content.tools.read?.say.direct).toEqual([{ say: 'Read {path}' }, { say: 'Show {path}' }])
    expect(Object.keys(content.pools)).toEqual(['stem', 'number'])
  })

  test('is refused where two parts contradict each other, saying where', async () => {
    await expect(loadPack(folder('tools: { read: { slots: { path: other } } }\n'), '/')).rejects.toThrowError(
      expect.objectContaining({ code: 'bad-pack', message: expect.stringContaining('tools.read.slots.path') }),
    )
  })

  test('tells broken YAML with the part, line and column', async () => {
    await expect(loadPack(folder('tools: [a\n'), '/')).rejects.toThrowError(/two\.yaml:\d+:\d+/)
  })

  test('is refused when it holds no YAML file', async () => {
    await expect(loadPack(path.dirname(written('readme.txt', 'no')), '/')).rejects.toThrowError(
      expect.objectContaining({ code: 'pack-missing', message: expect.stringContaining('no YAML file') }),
    )
  })
})

test('a missing pack names the ones that are built in', async () => {
  await expect(loadPack('filesytem', '/')).rejects.toThrowError(/Built in: filesystem/)
})

test('a pack without enough phrasings says what to add', async () => {
  const file = written(
    'small.yaml',
    'pack: 1\ntools: { list_allowed_directories: { say: { direct: ["Where may you go?"] } } }\n',
  )
  await expect(defined({ packs: [file] })).rejects.toThrowError(expect.objectContaining({ code: 'pack-too-small' }))
})

test('the built-in pack is rich: at least 25 phrasings a tool, direct and indirect, and it fits the real server', async () => {
  const { packs, notes, tools } = await definedLive()
  expect(tools).toEqual((await catalogueOfFile(listed)).tools) // what the other tests take for the server's answer is it
  for (const { say } of Object.values(packs[0]?.content.tools ?? {})) {
    expect(say.direct.length + say.indirect.length).toBeGreaterThanOrEqual(25)
    expect(Math.min(say.direct.length, say.indirect.length)).toBeGreaterThanOrEqual(10)
  }
  expect(notes).toEqual([])
})

test('a skill with six of the tools has at least 40 templates for the gate that are never trained', async () => {
  const { compiled } = await import('./compiled.ts')
  const { families } = compiled(await defined({ only: sixTools }))
  expect(families.filter(({ splits }) => splits.includes('gate')).length).toBeGreaterThanOrEqual(40)
})

test('a sandbox without a server is refused', async () => {
  const tools = { file: written('tools.json', JSON.stringify([read])) }
  await expect(definedLive({ tools })).rejects.toThrowError(expect.objectContaining({ code: 'sandbox-without-server' }))
})
