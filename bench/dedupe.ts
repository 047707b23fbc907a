import { NearDuplicates } from '../src/core/dedupe.ts'
import { mulberry32, pick } from '../src/core/random.ts'
import type { Figure } from './index.ts'

const rows = 40_000
const words = Array.from({ length: 4000 }, (_, index) => `word${index}`)

/** Near-duplicate search as the loop does it: look each text up, then remember it. One in twenty is nearly an earlier one. */
export const dedupe = async (): Promise<Figure[]> => {
  const random = mulberry32(1)
  const texts: string[] = []
  for (let n = 0; n < rows; n += 1) {
    const copied = n % 20 === 19
    texts.push(copied ? `${texts[n - 7]} thanks` : Array.from({ length: 14 }, () => pick(random, words)).join(' '))
  }
  const seen = new NearDuplicates()
  let found = 0
  const started = performance.now()
  for (const [n, text] of texts.entries()) {
    if (seen.find(text)) found += 1
    seen.add(String(n), text)
  }
  const ours = (rows / (performance.now() - started)) * 1000
  return [
    {
      name: 'near-duplicates, find and add',
      value: ours,
      unit: 'rows/s',
      note: `aim 10,000; found ${found} of ${rows / 20} planted`,
    },
  ]
}
