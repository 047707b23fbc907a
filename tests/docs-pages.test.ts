import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { referencePages } from '../scripts/reference/pages.ts'
import { loadConfig, parseConfig } from '../src/core/config.ts'
import { declarativeSkill } from '../src/plugins/declarative/index.ts'
import { loadPlugin, plugins } from '../src/plugins/index.ts'
import { parsePack } from '../src/plugins/tool-calling/pack.ts'
import { taskProblems } from '../src/plugins/tool-calling/scenarios/load.ts'
import { TaskFile } from '../src/plugins/tool-calling/scenarios/task-schema.ts'
import { contextFields, vaultTools } from '../src/plugins/tool-calling/vault/tools.ts'
import { checkPlugin } from '../src/testing/plugin-suite.ts'
import { blocks, docs, pages, root } from './support/documents.ts'

const reference = await referencePages()
const made = Object.entries(reference).map(([file, text]) => ({ file: path.join('docs', 'reference', file), text }))

const dir = mkdtempSync(path.join(tmpdir(), 'whet-docs-'))
process.env.WHETSTONE_HOME = path.join(dir, 'home')
afterAll(() => rmSync(dir, { recursive: true, force: true, maxRetries: 10 }))

/** A heading as VitePress and GitHub make an anchor of it. */
const anchorOf = (heading: string) =>
  heading
    .replace(/[`*]/g, '')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replace(/ /g, '-')
const anchorsOf = (text: string) => [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading))
const prose = (text: string) => text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '')

test('every link and picture leads somewhere, to the heading that it names', () => {
  const all = new Map([...pages, ...made].map(({ file, text }) => [file, text]))
  for (const { file, text } of [...pages, ...made])
    for (const [, target = ''] of prose(text).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
      const [to = '', anchor] = target.split('#')
      const place = to === '' ? file : path.join(path.dirname(file), to)
      expect(all.has(place) || existsSync(path.join(root, place)), `${file}: ${target}`).toBe(true)
      if (anchor)
        expect(
          anchorsOf(all.get(place) ?? readFileSync(path.join(root, place), 'utf8')),
          `${file}: ${target}`,
        ).toContain(anchor)
    }
})

test('the site shows every page, and nothing that is not there', () => {
  const config = readFileSync(path.join(docs, '.vitepress', 'config.ts'), 'utf8')
  const links = [...config.matchAll(/page\('[^']*', '(\/[^']*)'\)/g)].map(([, link = '']) => link)
  const files = links.map((link) => `docs${link.endsWith('/') ? `${link}index` : link}.md`)
  const there = new Set([...pages, ...made].map(({ file }) => file))
  for (const file of files) expect(there, file).toContain(file)
  const written = pages.map(({ file }) => file).filter((file) => file.startsWith('docs'))
  expect(written.filter((file) => !files.includes(file))).toEqual([])
})

test('no page holds what the site would take for a component or an expression', () => {
  for (const { file, text } of [...pages.filter(({ file }) => file.startsWith('docs')), ...made]) {
    expect(prose(text), file).not.toMatch(/\{\{/)
    expect(prose(text), file).not.toMatch(/<(?!br>|!--)\/?[A-Za-z]/)
  }
})

describe('every YAML of the documentation is what its readers take', () => {
  const snippets = pages.flatMap(({ file, text }) =>
    blocks(text)
      .filter(({ language }) => language === 'yaml')
      .map(({ body }, at) => [`${file} ${at + 1}`, body] as const),
  )
  /** Its pools and values are those that the page's tasks draw from. */
  const vault = parse(
    readFileSync(path.join(root, 'src/plugins/tool-calling/scenarios/tasks/vault.yaml'), 'utf8'),
  ) as object
  test.each(snippets)('%s', async (_, body) => {
    const keys = Object.keys(parse(body) as object)
    if (keys.includes('pack')) expect(parsePack(body, 'the page').pack).toBe(1)
    else if (keys.includes('tasks'))
      expect(taskProblems(TaskFile.parse({ ...vault, ...parse(body) }), vaultTools(contextFields))).toEqual([])
    else if (/^skill: 1$/m.test(body)) {
      writeFileSync(path.join(dir, 'skill.yaml'), body)
      await expect(declarativeSkill(path.join(dir, 'skill.yaml'))).resolves.toMatchObject({ contract: 1 })
    } else {
      const about = keys.includes('options') ? 'tool-calling' : 'essay-style' // which needs none
      const text = keys.includes('skill') ? body : `skill: ${about}\n${body}`
      expect(() => parseConfig(text, 'the page', { plugins })).not.toThrow()
    }
  })
})

describe('every TypeScript of the documentation is a skill that keeps the contract', () => {
  const snippets = pages.flatMap(({ file, text }) =>
    blocks(text)
      .filter(({ language }) => language === 'ts')
      .map(({ body }, at) => [`${file} ${at + 1}`, body] as const),
  )
  test.each(snippets)('%s', async (_, body) => {
    const modules = path.join(dir, 'node_modules')
    mkdirSync(modules, { recursive: true })
    for (const [name, target] of [
      ['whetstone', root],
      ['zod', path.join(root, 'node_modules', 'zod')],
    ] as const)
      if (!existsSync(path.join(modules, name))) symlinkSync(target, path.join(modules, name))
    writeFileSync(path.join(dir, 'package.json'), '{ "type": "module" }')
    writeFileSync(path.join(dir, 'skill.ts'), body)
    const findings = []
    for await (const { claim, ok, advice, detail } of checkPlugin(await loadPlugin('./skill.ts', dir), {
      options: {},
      baseDir: dir,
    }))
      if (!ok && !advice) findings.push(`${claim}: ${detail}`)
    expect(findings).toEqual([])
  })
})

test('no snippet is of a language that no test runs', () => {
  const languages = new Set(pages.flatMap(({ text }) => blocks(text).map(({ language }) => language)))
  expect([...languages].sort()).toEqual(['', 'ts', 'yaml'])
})

describe('a case study', () => {
  const studies = pages.filter(({ file }) => file.startsWith(path.join('docs', 'case-studies')))
  const configs: Readonly<Record<string, string>> = {
    'tool-calling': 'configs/quickstart.yaml',
    'essay-style': 'configs/essay-style.yaml',
    'agentic-search': 'configs/agentic-search.yaml',
    'ticket-triage': 'examples/ticket-triage/whetstone.yaml',
  }

  test('is there for every built-in skill', () => {
    const named = studies.map(({ file }) => path.basename(file, '.md'))
    expect(named.sort()).toEqual(Object.keys(configs).sort())
    expect(named).toEqual(expect.arrayContaining(Object.keys(plugins)))
  })

  test.each(studies)(
    '$file has figures with the page that measured them, or says that there are none',
    async ({ file, text }) => {
      const section = /^## What it reached\n([\s\S]*?)(?=^## )/m.exec(text)?.[1] ?? ''
      const rows = [...section.matchAll(/^\| ([\w-]+) \| (\d+) % \|(.*)\|$/gm)]
      if (!section.includes('No run of')) return expect(section).toMatch(/\]\(\.\.\/results\/[\w-]+\.md\)/)
      for (const [, , , cells = ''] of rows)
        expect(cells.split('|').map((cell) => cell.trim())).toEqual(Array(3).fill('not yet run'))
      const { config, file: at } = await loadConfig(path.join(root, configs[path.basename(file, '.md')]!), { plugins })
      const plugin = await loadPlugin(config.skill, path.dirname(at))
      const context = { baseDir: path.dirname(at), signal: new AbortController().signal, progress: () => {} }
      const wanted = plugin.targets(await plugin.define(plugin.options.parse(config.options), context))
      expect(rows.map(([, name, rate]) => [name, Number(rate) / 100])).toEqual(wanted.map(({ of, pass }) => [of, pass]))
      await plugin.dispose?.()
    },
  )
})
