import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { JsonlAppender, readJson, readJsonl, readLines, streamJsonl, writeJson, writeJsonl } from './jsonl.ts'

const folder = mkdtempSync(join(tmpdir(), 'whet-jsonl-'))
let files = 0
const fresh = () => join(folder, `${files++}.jsonl`)
const holding = (content: string | Buffer) => {
  const file = fresh()
  writeFileSync(file, content)
  return file
}
/** Rows as JSON can hold them: -0 and the like are gone already. */
const rowsOfJson = fc.array(
  fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown),
  { maxLength: 8 },
)

test('what is written is what is read, whatever JSON it is', () =>
  fc.assert(
    fc.asyncProperty(rowsOfJson, async (rows) => {
      const file = fresh()
      expect(await writeJsonl(file, rows)).toBe(rows.length)
      expect(await readJsonl(file)).toEqual({ rows, torn: 0 })
    }),
  ))

test('a file cut at any byte loses no row but the last', () =>
  fc.assert(
    fc.asyncProperty(rowsOfJson, fc.nat(), async (rows, anywhere) => {
      const whole = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
      const cut = whole.subarray(0, anywhere % (whole.length + 1))
      const { rows: read, torn } = await readJsonl(holding(cut))
      const complete = cut.filter((byte) => byte === 0x0a).length
      expect(read).toEqual(rows.slice(0, read.length))
      expect([complete, complete + 1]).toContain(read.length + torn)
      expect(read.length).toBeGreaterThanOrEqual(complete)
    }),
  ))

test('appending to a file cut at any byte goes on after its last whole row', () =>
  fc.assert(
    fc.asyncProperty(rowsOfJson, fc.nat(), async (rows, anywhere) => {
      const whole = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
      const file = holding(whole.subarray(0, anywhere % (whole.length + 1)))
      const { rows: before } = await readJsonl(file)
      const appender = await JsonlAppender.open(file)
      await appender.append({ new: true })
      await appender.close()
      expect(await readJsonl(file)).toEqual({ rows: [...before, { new: true }], torn: 0 })
    }),
  ))

test('a missing file has no rows', async () => {
  expect(await readJsonl(fresh())).toEqual({ rows: [], torn: 0 })
})

test('a broken line in the middle is told by its number', async () => {
  const file = holding('{"a":1}\n{"a":\n{"a":3}\n')
  await expect(readJsonl(file)).rejects.toMatchObject({ code: 'broken-jsonl', data: { file, line: 2 } })
})

test('a broken last line that has its newline was not cut, so it is told', async () => {
  await expect(readJsonl(holding('{"a":1}\n{"a":\n'))).rejects.toMatchObject({
    code: 'broken-jsonl',
    data: { line: 2 },
  })
})

test('reads what other programs write: a byte order mark, Windows line ends, blank lines, no last newline', async () => {
  expect(await readJsonl(holding('\uFEFF{"a":1}\r\n\r\n  \n{"a":2}'))).toEqual({ rows: [{ a: 1 }, { a: 2 }], torn: 0 })
})

test('a number at the end without its newline may have been longer: it is dropped', async () => {
  expect(await readJsonl(holding('1\n12'))).toEqual({ rows: [1], torn: 1 })
})

test('rows longer than a read block and characters across its edge stay whole', async () => {
  const rows = [{ text: 'é€😀'.repeat(100_000) }, { text: 'ü' }]
  const file = fresh()
  await writeJsonl(file, rows)
  expect((await readJsonl(file)).rows).toEqual(rows)
})

test('rows come one by one, and a reader may stop early', async () => {
  const file = fresh()
  await writeJsonl(file, [1, 2, 3])
  for await (const row of streamJsonl<number>(file)) {
    expect(row).toBe(1)
    break
  }
})

test('lines carry their numbers, blank and broken ones too', async () => {
  const lines = []
  for await (const line of readLines(holding('a\n\nb'))) lines.push(line)
  expect(lines).toEqual([
    { number: 1, text: 'a', ended: true },
    { number: 2, text: '', ended: true },
    { number: 3, text: 'b', ended: false },
  ])
})

test('a source that fails half way leaves the old file and nothing else', async () => {
  const inside = mkdtempSync(join(folder, 'atomic-'))
  const file = join(inside, 'rows.jsonl')
  await writeJsonl(file, ['old'])
  const failing = async function* () {
    yield 'new'
    throw new Error('the generator broke')
  }
  await expect(writeJsonl(file, failing())).rejects.toThrow('the generator broke')
  expect((await readJsonl(file)).rows).toEqual(['old'])
  expect(readdirSync(inside)).toEqual(['rows.jsonl'])
})

test('what JSON does not have is no row', async () => {
  await expect(writeJsonl(fresh(), [undefined])).rejects.toThrow(TypeError)
})

test('a value is written for people and read back', async () => {
  const file = fresh()
  await writeJson(file, { a: [1] })
  expect(readFileSync(file, 'utf8')).toBe('{\n  "a": [\n    1\n  ]\n}\n')
  expect(await readJson(file)).toEqual({ a: [1] })
})

test('a missing value is undefined, a broken one is told', async () => {
  expect(await readJson(fresh())).toBeUndefined()
  await expect(readJson(holding('{'))).rejects.toMatchObject({ code: 'broken-json' })
})
