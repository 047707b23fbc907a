import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { AnySkill } from '../core/contract.ts'
import { isWhetError, messageOf } from '../core/errors.ts'
import { guarded } from '../core/guard.ts'
import { advice } from './advice.ts'
import { contractChecks } from './contract-checks.ts'
import { type Check, makeWorld, type World, type WorldOptions } from './world.ts'

/** How a plugin fares with one check. */
export interface Claim {
  readonly claim: string
  readonly ok: boolean
  readonly detail: string // what is wrong; empty when nothing is
  readonly mend: string // what to do about it; empty when nothing is wrong
  readonly advice: boolean // a finding that is worth a look and breaks nothing
  readonly figure: string // what was measured, where the check measures
}

/** What a skill is checked with: its options, where it lies, and how many items. */
export interface CheckOptions extends WorldOptions {
  readonly advice?: boolean // false: the contract alone, without what is only worth a look
  readonly stallMs?: number // longest wait for one answer of the skill
}

const defaultStallMs = 60_000 // a tool server may take its time to start on a busy machine
/** One broken generator repeats the same fault in every item. */
const shownFindings = 5

/** Every check: the contract first, then what is only worth a look. */
export const checks: readonly Check[] = [...contractChecks, ...advice]

/** What a skill must do before anything else can be asked of it. */
export const comesToLife = 'it is defined and makes items'

/**
 * Defines the skill with `options` and runs every check on a sample of its items, one claim after the other. A skill that
 * throws, hangs or answers in a wrong shape on the way is a failed claim.
 * @throws what `options.parse` and `define` refuse: without a definition there is nothing to check
 */
export async function* checkPlugin(given: AnySkill, options: CheckOptions): AsyncGenerator<Claim> {
  const plugin = guarded(given, { stallMs: options.stallMs ?? defaultStallMs, declaredTags: false })
  const scratch = await mkdtemp(path.join(tmpdir(), 'whetstone-plugin-'))
  try {
    const world = await makeWorld(plugin, options, scratch).catch(asClaim)
    if ('claim' in world) return yield world
    yield { claim: comesToLife, ok: true, detail: '', mend: '', advice: false, figure: '' }
    for (const check of options.advice === false ? contractChecks : checks) {
      world.signal.throwIfAborted()
      yield await claimOf(check, world)
    }
  } finally {
    await plugin.dispose?.()
    await rm(scratch, { recursive: true, force: true })
  }
}

const ofThePlugin = new Set(['plugin-failed', 'plugin-hangs', 'plugin-shape'])

const asClaim = (error: unknown): Claim => {
  if (!isWhetError(error) || !ofThePlugin.has(error.code)) throw error
  const mend = 'Nothing else can be checked before this works.'
  return { claim: comesToLife, ok: false, detail: error.message, mend, advice: false, figure: '' }
}

const claimOf = async ({ name, run, mend, advice }: Check, world: World): Promise<Claim> => {
  let figure = ''
  const findings = await run(world, (text) => {
    figure = text
  }).catch((error: unknown) => [isWhetError(error) ? error.message : `it threw: ${messageOf(error)}`])
  const more = findings.length - shownFindings
  const shown = more > 0 ? [...findings.slice(0, shownFindings), `and ${more} more`] : findings
  const ok = findings.length === 0
  return { claim: name, ok, detail: shown.join(' · '), mend: ok ? '' : mend, advice: advice === true, figure }
}
