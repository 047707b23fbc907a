import { beforeAll, describe, expect, test } from 'vitest'
import type { AnySkill } from '../../src/core/contract.ts'
import { type CheckOptions, type Claim, checkPlugin, checks } from '../../src/testing/plugin-suite.ts'

/** The plugin contract as tests, one a claim. A plugin of one's own runs it with options that it can be defined with. */
export const keepsThePluginContract = (plugin: AnySkill, options: CheckOptions): void => {
  describe(`${plugin.name} keeps the plugin contract`, () => {
    const claims: Claim[] = []
    beforeAll(async () => {
      for await (const claim of checkPlugin(plugin, options)) claims.push(claim)
    }, 120_000)
    test.each(checks.map(({ name }) => name))('%s', (name) => {
      expect(claims.find(({ claim }) => claim === name)).toEqual({ claim: name, ok: true, detail: '' })
    })
  })
}
