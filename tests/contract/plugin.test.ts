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

for (const [name, plugin] of Object.entries(plugins))
  keepsThePluginContract(plugin, { options: options[name], baseDir: import.meta.dirname })
