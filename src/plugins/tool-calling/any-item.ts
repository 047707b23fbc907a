import type { Item } from './item.ts'
import type { Recording } from './recorded/recording.ts'
import type { Scenario } from './scenarios/scenario.ts'

/** A request of one exchange, a scenario of several turns, or a conversation that somebody had. */
export type AnyItem = Item | Scenario | Recording

export const isSingle = (item: AnyItem): item is Item => item.kind !== 'steps' && item.kind !== 'recorded'
