import { coinedWords, mulberry32, seedFrom } from '../../skill.ts'
import type { SkillFile } from './format.ts'

/** Every pool written out; the same file gives the same values on every machine. */
export const slotsByPool = (pools: SkillFile['pools']) =>
  Object.fromEntries(Object.entries(pools).map(([name, pool]) => [name, writtenOut(name, pool)]))

const writtenOut = (name: string, pool: SkillFile['pools'][string]): { shared: boolean; values: readonly string[] } => {
  if (Array.isArray(pool)) return { shared: false, values: [...new Set(pool)] }
  if ('coined' in pool) return { shared: false, values: coinedWords(pool.coined) }
  if ('values' in pool) return { shared: pool.shared, values: [...new Set(pool.values)] }
  return { shared: false, values: numbersOf(name, pool.numbers, pool.count) }
}

const numbersOf = (name: string, [from, to]: readonly [number, number], count: number): string[] => {
  const all = to - from + 1
  if (all <= count) return Array.from({ length: all }, (_, at) => String(from + at))
  const random = mulberry32(seedFrom('numbers', name))
  const numbers = new Set<number>()
  while (numbers.size < count) numbers.add(from + Math.floor(random() * all))
  return [...numbers].map(String)
}
