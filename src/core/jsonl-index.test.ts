import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { readJsonl } from './jsonl.ts'
import { JsonlIndex } from './jsonl-index.ts'

test('pages hold the rows that reading the whole file gives, whatever lies between them', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'whet-index-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  let made = 0
  const between = fc.constantFrom('\n', '\n\n', '\r\n', '\n  \n')
  const lines = fc.array(fc.tuple(fc.record({ text: fc.string({ unit: 'binary' }) }), between), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(
      lines,
      fc.constantFrom('', '{"te', '{"text":"whole"}'),
      fc.nat(30),
      fc.nat(30),
      async (rows, last, from, count) => {
        made += 1
        const file = path.join(dir, `${made}.jsonl`)
        writeFileSync(file, rows.map(([row, gap]) => JSON.stringify(row) + gap).join('') + last)
        const index = await JsonlIndex.of(file)
        const whole = (await readJsonl(file)).rows
        expect(index.rows).toBe(whole.length)
        expect((await index.texts(from, count)).map((text) => JSON.parse(text))).toEqual(
          whole.slice(from, from + count),
        )
      },
    ),
    { numRuns: 60 },
  )
})
