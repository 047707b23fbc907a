import type { FleetChange } from './fleet.ts'

/** What a run's log says of an endpoint that went or came back. @param of key of the config that names it */
export const changeWarning = (of: string, { name, state, why, restMs }: FleetChange) =>
  state === 'out'
    ? {
        code: 'endpoint-out',
        message: `${of}: ${name} is left out for ${restMs / 1000} s: ${why}`,
      }
    : { code: 'endpoint-back', message: `${of}: ${name} is back: ${why}` }
