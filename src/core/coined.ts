import { mulberry32, pick, type Random } from './random.ts'

const onsets = 'b br c ch d dr f fl g gr h j k kl l m n p pl qu r s sk sl st t tr v w z'.split(' ')
const vowels = 'a e i o u ai ea io oo'.split(' ')
const codas = ['', '', '', 'l', 'n', 'r', 's', 't', 'x', 'ck', 'nd', 'rm', 'sh', 'th']

/**
 * So many words that nobody has said before, always the same ones: `velmor`, `Trask_07`, `QUB-312`. A small student learns a
 * pool of real names by heart and then writes `recipes` for `recordings`; what it has never seen it can only copy.
 */
export const coinedWords = (count: number): string[] => {
  const random = mulberry32(0x77686574)
  const words = new Set<string>()
  while (words.size < count) words.add(coin(random))
  return [...words]
}

const coin = (random: Random): string => {
  const name = Array.from({ length: random() < 0.3 ? 3 : 2 }, () => syllable(random)).join('')
  const kind = random()
  if (kind < 0.55) return name
  if (kind < 0.65) return name[0]?.toUpperCase() + name.slice(1)
  if (kind < 0.85) return `${name}${pick(random, ['', '-', '_'])}${digits(random)}`
  return `${syllable(random).toUpperCase()}${pick(random, ['-', '_'])}${digits(random)}`
}

const syllable = (random: Random): string => pick(random, onsets) + pick(random, vowels) + pick(random, codas)
const digits = (random: Random): string => String(Math.floor(random() * 1000)).padStart(random() < 0.5 ? 2 : 3, '0')
