import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { errorCodes } from '../scripts/reference/errors.ts'
import { referencePages } from '../scripts/reference/pages.ts'
import { parseCommandLine } from '../src/cli/program.ts'
import { commands } from '../src/commands/registry.ts'
import { wordsOf } from '../src/commands/starter.ts'
import { eventTypes } from '../src/core/events.ts'
import { declarativeSkill } from '../src/plugins/declarative/index.ts'
import * as surface from '../src/skill.ts'

const docs = path.join(import.meta.dirname, '..', 'docs')
const pages = await referencePages()

test('every error code has a page that says something', () => {
  const codes = [...errorCodes()]
  expect(codes.length).toBeGreaterThan(100)
  for (const [code, found] of codes) {
    expect(pages[`errors/${code}.md`]).toContain(`# ${code}`)
    expect(found.every(({ file }) => file.endsWith('.ts'))).toBe(true)
  }
  for (const known of [
    'config-missing',
    'student-timeout',
    'plugin-hangs',
    'unknown-key',
    'store-busy',
    'bad-name',
    'lease-lost',
  ])
    expect(codes.map(([code]) => code)).toContain(known)
})

test('every command and every event is in the reference', () => {
  for (const name of Object.keys(commands)) expect(pages['cli.md']).toContain(`## whet ${name}\n`)
  for (const type of eventTypes) expect(pages['events.md']).toContain(`## ${type}\n`)
})

test('everything that whetstone/skill offers is in the reference', () => {
  for (const name of Object.keys(surface)) expect(pages['skill.md']).toContain(`- \`${name}\`: `)
})

/** Fenced blocks of a page by their language. */
const blocks = (text: string) =>
  [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)].map(([, language = '', body = '']) => ({ language, body }))

const texts = async () => {
  const files = (await readdir(docs, { recursive: true })).filter(
    (file) => file.endsWith('.md') && !/^(reference|results|decisions|node_modules)/.test(file),
  )
  const all = await Promise.all(
    files.map(async (file) => ({ file, text: await readFile(path.join(docs, file), 'utf8') })),
  )
  return [...all, { file: 'README.md', text: await readFile(path.join(docs, '..', 'README.md'), 'utf8') }]
}

test('every command line of the documentation is one that whet understands', async () => {
  const lines = (await texts()).flatMap(({ file, text }) =>
    blocks(text)
      .filter(({ language }) => language === '')
      .flatMap(({ body }) => body.split('\n'))
      .filter((line) => /^(npx )?whet /.test(line))
      .map((line) => ({ file, line })),
  )
  expect(lines.length).toBeGreaterThan(15)
  for (const { file, line } of lines)
    for (const words of alternatives(line.replace(/^(npx )?whet /, '').split(/\s{2,}#|\s#/)[0] ?? ''))
      await expect(parseCommandLine(words, '0'), `${file}: ${line}`).resolves.toMatchObject({
        kind: expect.any(String),
      })
})

/** `pause | resume | stop` is three command lines. */
const alternatives = (line: string): string[][] => line.split(' | ').map(wordsOf)

test('every link between pages of the documentation leads somewhere', async () => {
  for (const { file, text } of await texts())
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)) {
      const from = path.dirname(file === 'README.md' ? path.join(docs, '..', file) : path.join(docs, file))
      const there = path.relative(docs, path.resolve(from, target))
      if (there.startsWith('reference'))
        expect(Object.keys(pages), `${file}: ${target}`).toContain(path.relative('reference', there))
      else await expect(exists(path.resolve(from, target)), `${file}: ${target}`).resolves.toBe(true)
    }
})

const exists = async (file: string) => {
  const { existsSync } = await import('node:fs')
  return existsSync(file)
}

test('every whole skill file of the documentation loads', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'whet-docs-'))
  const files = (await texts()).flatMap(({ text }) =>
    blocks(text).filter(({ language, body }) => language === 'yaml' && /^skill: 1$/m.test(body)),
  )
  expect(files.length).toBeGreaterThan(0)
  for (const { body } of files) {
    await writeFile(path.join(folder, 'skill.yaml'), body)
    await expect(declarativeSkill(path.join(folder, 'skill.yaml'))).resolves.toMatchObject({ contract: 1 })
  }
  await rm(folder, { recursive: true, force: true })
})
