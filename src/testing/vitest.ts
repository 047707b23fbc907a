import type { AnySkill } from '../core/contract.ts'
import { contractChecks } from './contract-checks.ts'
import { type CheckOptions, type Claim, checkPlugin, comesToLife } from './plugin-suite.ts'

/** The part of Vitest that is used. It is handed in: a skill's package has its own copy, and tests must run in that one. */
export interface TestFunctions {
  describe(name: string, body: () => void): unknown
  beforeAll(body: () => Promise<void>, timeoutMs?: number): unknown
  test(name: string, body: () => void): unknown
  expect(value: unknown): { toEqual(expected: unknown): void }
}

/**
 * The plugin contract as tests, one a claim:
 *
 *     import * as vitest from 'vitest'
 *     keepsThePluginContract(vitest, plugin, { options: {}, baseDir: import.meta.dirname })
 */
export const keepsThePluginContract = (
  { describe, beforeAll, test, expect }: TestFunctions,
  plugin: AnySkill,
  options: CheckOptions,
): void => {
  describe(`${plugin.name} keeps the plugin contract`, () => {
    const claims: Claim[] = []
    beforeAll(async () => {
      for await (const claim of checkPlugin(plugin, { ...options, advice: false })) claims.push(claim)
    }, 120_000)
    for (const name of [comesToLife, ...contractChecks.map((check) => check.name)])
      test(name, () => {
        const { ok, detail, mend } = claims.find(({ claim }) => claim === name) ?? notReached
        expect({ ok, detail, mend }).toEqual({ ok: true, detail: '', mend: '' })
      })
  })
}

const notReached = { ok: false, detail: 'an earlier claim broke off the check', mend: 'Mend that one first.' }
