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

/** What trains by which key, where it trains at all. */
const trained = ({ train }: Config) => (train.kto.enabled ? (['sft', train.judgement] as const) : (['sft'] as const))

/** Steps, processes and nodes go into each other; the trainer would say so only when it has begun. */
const requireShared = (config: Config): void => {
  const nodes = config.executor === 'local' ? 1 : config.executor.ray.nodes
  for (const kind of trained(config)) {
    const { processes = 1, accumulate = 1 } = config.train[kind]
    if (processes % nodes === 0 && accumulate % processes === 0) continue
    const [key, of, than] =
      processes % nodes
        ? ['processes', `executor.ray.nodes, which is ${nodes}`, processes]
        : ['accumulate', `train.${kind}.processes, which is ${processes}`, accumulate]
    throw new WhetError({
      code: 'processes-not-shared',
      message: `train.${kind}.${key} is ${than}, and it has to be a multiple of ${of}.`,
      fixedBy: 'config',
      exit: 2,
      data: { key: `train.${kind}.${key}` },
    })
  }
}

/** @throws {WhetError} not-supported naming every key at once; processes-not-shared */
export const requireSupported = (config: Config): void => {
  requireShared(config)
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
