import type { Figure } from './index.ts'
import { attribution, separation } from './voice-accuracy.ts'

const pieces = 30

/** What the voice measure can tell, on the sample authors: not a speed but an accuracy. */
export const voice = async (): Promise<Figure[]> => {
  const { right, of, confused } = await attribution(pieces)
  const mistaken = Object.entries(confused).map(([who, times]) => `${who} ${times}`)
  const figures: Figure[] = [
    {
      name: 'author of 500 held-out words',
      value: (100 * right) / of,
      unit: '%',
      note: `aim 90; ${right} of ${of}; ${mistaken.join(', ')}`,
    },
  ]
  for (const words of [1000, 3000, 5000, 20_000]) {
    const { nearer, of: pairs } = await separation(words)
    figures.push({
      name: `halves nearer, ${words} words`,
      value: (100 * nearer) / pairs,
      unit: '%',
      note: `aim 95; ${nearer} of ${pairs}`,
    })
  }
  return figures
}
