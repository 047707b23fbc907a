import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { errorCodes, sourcesIn } from '../scripts/reference/errors.ts'
import { referencePages } from '../scripts/reference/pages.ts'
import { commands } from '../src/commands/registry.ts'
import { eventTypes } from '../src/core/events.ts'
import * as surface from '../src/skill.ts'

const pages = await referencePages()

describe('every error code has a page', () => {
  const codes = errorCodes()

  test('that says where it comes from', () => {
    expect(codes.size).toBeGreaterThan(200)
    for (const [code, found] of codes) {
      expect(pages[`errors/${code}.md`]).toContain(`# ${code}`)
      for (const { file } of found) expect(pages[`errors/${code}.md`]).toContain(`from \`${file}\``)
    }
  })

  test('whichever the sources write down as one', () => {
    const ofOthers = ['custom', 'linear', 'code'] // zod's, Ajv's, Markdown's
    for (const { file, text } of sourcesIn('src', /\.tsx?$/))
      for (const [, code = ''] of text.matchAll(/\bcode: (?:[^'",\n]*\? )?'([a-z][a-z0-9-]+)'/g))
        if (!ofOthers.includes(code)) expect([...codes.keys()], file).toContain(code)
  })

  test('whichever the trainers say before they end', () => {
    for (const { file, text } of sourcesIn('trainers', /\.py$/))
      for (const [, code = ''] of text.matchAll(
        /"((?:[a-z]+-)+(?:wrong|missing|unusable|refused|unreachable|locked|rows|full|memory|parity))"/g,
      ))
        expect([...codes.keys()], file).toContain(code)
  })

  test('whichever a test expects', async () => {
    const folder = path.join(import.meta.dirname, '..')
    const files = (
      await Promise.all(
        ['src', 'tests'].map((each) =>
          readdir(path.join(folder, each), { recursive: true }).then((all) => all.map((file) => path.join(each, file))),
        ),
      )
    ).flat()
    const expected = new Map<string, string>()
    for (const file of files.filter((each) => each.endsWith('.test.ts')))
      for (const [, code = ''] of (await readFile(path.join(folder, file), 'utf8')).matchAll(
        /(?:rejects\.toMatchObject\(\{ code: |toThrow\(expect\.objectContaining\(\{ code: |error\??\.code\)\.toBe\()'([a-z][a-z0-9-]+)'/g,
      ))
        expected.set(code, file)
    expect(expected.size).toBeGreaterThan(50)
    for (const [code, file] of expected) expect([...codes.keys()], file).toContain(code)
  })
})

test('every command and every event is in the reference', () => {
  for (const name of Object.keys(commands)) expect(pages['cli.md']).toContain(`## whet ${name}\n`)
  for (const type of eventTypes) expect(pages['events.md']).toContain(`## ${type}\n`)
})

test('everything that whetstone/skill offers is in the reference', () => {
  for (const name of Object.keys(surface)) expect(pages['skill.md']).toContain(`- \`${name}\`: `)
})
