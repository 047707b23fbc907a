import type { Config } from '../core/config.ts'
import { WhetError } from '../core/errors.ts'
import { rolesIn } from '../core/llm/gateway.ts'

/** Roles that some part of this version asks. */
const carriedOut: readonly string[] = ['teacher', 'judge', 'improver', 'analyst', 'chat']

/** Keys that the config's schema pins for all versions and this one does not carry out. Silence would be a lie. */
const unsupported = (config: Config): string[] => [
  // the environments are served on this machine, where a cluster's nodes do not reach them
  ...(config.executor !== 'local' && config.train.grpo.enabled ? ['train.grpo.enabled with executor.ray'] : []),
  ...(config.trackers.length > 0 ? ['trackers'] : []),
  ...rolesIn(config.roles).flatMap((role) => (carriedOut.includes(role) ? [] : [`roles.${role}`])),
]

/** @throws {WhetError} not-supported naming every key at once */
export const requireSupported = (config: Config): void => {
  const keys = unsupported(config)
  if (keys.length === 0) return
  throw new WhetError({
    code: 'not-supported',
    message: `This version does not carry out ${keys.join(', ')} yet. Take ${keys.length === 1 ? 'it' : 'them'} out of the config; SFT with the statistical analyst needs none of ${keys.length === 1 ? 'it' : 'them'}.`,
    fixedBy: 'config',
    exit: 2,
    data: { keys },
  })
}
