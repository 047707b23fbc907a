import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { plugins } from '../../src/plugins/index.ts'
import { keepsThePluginContract } from './plugin.ts'

/** Options with which each skill can be defined here, without a network. */
const options: Readonly<Record<string, unknown>> = {
  'tool-calling': {
    tools: { mcp: { command: ['mcp-server-filesystem', '.'] } },
    packs: ['filesystem'],
    sandbox: { kind: 'folder' },
  },
  'essay-style': { contract: 'compact' },
  'agentic-search': { corpus: { facts: 120 } },
}

test('every built-in skill has options to be checked with', () => {
  expect(Object.keys(options)).toEqual(expect.arrayContaining(Object.keys(plugins)))
})

test.each(['core', 'graph'])('no line of src/%s names a built-in skill, or knows the word essay', (part) => {
  const folder = path.join(import.meta.dirname, '..', '..', 'src', part)
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\.(?:ts|mjs)$/.test(file) && !file.endsWith('.test.ts'),
  )
  expect(sources.length).toBeGreaterThan(30)
  const words = new RegExp(`${Object.keys(plugins).join('|')}|essay`, 'i')
  const named = sources.filter((file) => words.test(readFileSync(path.join(folder, file), 'utf8')))
  expect(named).toEqual([])
})

/** Skills that are another one with other options: several turns in a vault, and in a real server's folder. */
const further: Readonly<Record<string, readonly unknown[]>> = {
  'tool-calling': [
    { tools: { vault: true }, scenarios: { files: ['vault'] } },
    {
      tools: { mcp: { command: ['mcp-server-filesystem', '.'] } },
      packs: ['filesystem'],
      sandbox: { kind: 'folder' },
      scenarios: { files: ['filesystem'], share: 0.5 },
    },
  ],
}

for (const [name, plugin] of Object.entries(plugins))
  for (const each of [options[name], ...(further[name] ?? [])])
    keepsThePluginContract(plugin, { options: each, baseDir: import.meta.dirname })
