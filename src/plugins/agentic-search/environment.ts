import type { Environment } from '../../skill.ts'
import type { Definition } from './definition.ts'
import type { Item } from './item.ts'
import { openDefinition } from './library.ts'
import { SearchSession } from './session.ts'

/** The frozen documents, without those that the item hides; every call is really executed. */
export const environment = async (item: Item, definition: Definition): Promise<Environment> => {
  const session = new SearchSession(openDefinition(definition).searcher, definition, new Set(item.hidden))
  return {
    call: async (call, signal) => {
      signal.throwIfAborted()
      return session.call(call.name, call.arguments, signal)
    },
    endState: async () => undefined,
    close: async () => {},
  }
}
