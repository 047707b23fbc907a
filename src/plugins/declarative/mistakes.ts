import { jsonPath, type Mistake, makeMistake, mulberry32, seedFrom } from '../../skill.ts'
import type { Complete } from './defaults.ts'
import type { Definition } from './definition.ts'
import type { Item } from './item.ts'
import { enumsOf } from './schema-enums.ts'

/** The file's mistakes as the contract wants them. */
export const mistakesOf = ({ mistakes, schema }: Complete): Mistake<Item, Definition>[] =>
  mistakes.map(({ name, make, fails, at, labels }) => {
    const path = at === undefined ? undefined : jsonPath(at)
    const drawn = labels ?? enumsOf(schema)
    return {
      name: name ?? make,
      fails,
      apply: (item, gold, _definition, seed) => {
        const turn = gold.findIndex(({ role }) => role === 'assistant')
        if (turn < 0 || item.fault !== undefined) return undefined
        const random = mulberry32(seedFrom('mistake', name ?? make, item.id, seed))
        const content = makeMistake(make, item.gold, random, { labels: drawn, ...(path && { at: path }) })
        return content === undefined ? undefined : { at: turn, turn: { role: 'assistant', content } }
      },
    }
  })
