import type { Embed, TeacherYield } from '../contract.ts'
import { excerpt } from '../excerpt.ts'

const words = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}{}'’-]+/gu) ?? []
const gramsOf = (text: string, size: number): string[] => {
  const all = words(text)
  return all.slice(size - 1).map((_, at) => all.slice(at, at + size).join(' '))
}

/** Texts that a measure looks back on: the share of different n-grams falls with the number of texts. */
const lookBack = 100
/** A phrase is overused when more than this share of at least `fewest` texts has it. */
const mostShare = 0.2
const fewest = 5
const mostNamed = 6
/** Texts whose vectors have this cosine or more say nearly the same. */
const alike = 0.8
const mostCrowded = 2
const longestNamed = 120

interface Text {
  readonly text: string
  readonly vector?: Float32Array
}

/** Measures the texts that a model writes, and words what the next prompt says against their sameness. */
export class Diversity {
  readonly #texts: Text[] = []
  readonly #embed

  /** @param embed without it words are measured and meaning is not */
  constructor(embed?: Embed) {
    this.#embed = embed
  }

  /** @throws {WhetError} what `embed` throws */
  async add(...texts: readonly string[]): Promise<void> {
    const vectors = await this.#embed?.(texts)
    this.#texts.push(...texts.map((text, at) => ({ text, ...(vectors?.[at] && { vector: vectors[at] }) })))
    this.#texts.splice(0, this.#texts.length - lookBack)
  }

  /** Different three-word sequences as a share of all, over the last 100 texts: 1 where nothing is said twice. */
  get spread(): number {
    const grams = this.#texts.flatMap(({ text }) => gramsOf(text, 3))
    return grams.length === 0 ? 1 : new Set(grams).size / grams.length
  }

  /** 1 less the mean cosine of all pairs of the last 100 texts: 0 where all mean the same; undefined without vectors. */
  get meaning(): number | undefined {
    const vectors = this.#vectors.map(({ vector }) => vector)
    const n = vectors.length
    if (n < 2) return undefined
    // of unit vectors: |sum|² is n and twice the cosines of all pairs
    const sum = vectors[0]!.map((_, at) => vectors.reduce((total, vector) => total + vector[at]!, 0))
    return 1 - (dot(sum, sum) - n) / (n * (n - 1))
  }

  /** Both measures, as a yield tells them. */
  get measured(): Pick<TeacherYield, 'spread' | 'meaning'> {
    const { spread, meaning } = this
    return { spread, ...(meaning !== undefined && { meaning }) }
  }

  /** Openings of two words and sequences of three that too many of the texts share, the commonest first. */
  get overused(): { readonly openings: readonly string[]; readonly phrases: readonly string[] } {
    const openings = this.#common((text) => [words(text).slice(0, 2).join(' ')])
    const phrases = this.#common((text) => gramsOf(text, 3)).filter(
      (phrase) => !openings.some((opening) => phrase.startsWith(`${opening} `)),
    )
    return { openings, phrases }
  }

  /** Texts that too many others say nearly the same as, each for a crowd of its own, the largest first. */
  get crowded(): readonly string[] {
    const named: string[] = []
    let open = this.#vectors
    while (named.length < mostCrowded) {
      const crowds = open.map(({ vector }) => open.filter((other) => dot(vector, other.vector) >= alike))
      const at = crowds.reduce((best, crowd, index) => (crowd.length > (crowds[best]?.length ?? 0) ? index : best), 0)
      const crowd = crowds[at] ?? []
      if (crowd.length < this.#least) break
      named.push(open[at]!.text)
      open = open.filter((text) => !crowd.includes(text))
    }
    return named
  }

  /** A line for the next prompt; undefined while there is nothing to steer against. */
  get advice(): string | undefined {
    const { openings, phrases } = this.overused
    const named = (all: readonly string[]) => all.map((each) => JSON.stringify(excerpt(each, longestNamed))).join(', ')
    const { crowded } = this
    const lines = [
      ...(openings.length > 0 ? [`Do not begin with ${named(openings)}: too many begin so.`] : []),
      ...(phrases.length > 0 ? [`Avoid the words ${named(phrases)}.`] : []),
      ...(crowded.length > 0 ? [`Too many mean the same as ${named(crowded)}: be about something else.`] : []),
    ]
    return lines.length > 0 ? lines.join(' ') : undefined
  }

  get #vectors() {
    return this.#texts.flatMap(({ text, vector }) => (vector ? [{ text, vector }] : []))
  }

  get #least(): number {
    return Math.max(fewest, Math.ceil(mostShare * this.#texts.length))
  }

  #common(partsOf: (text: string) => readonly string[]): string[] {
    const counts = new Map<string, number>()
    for (const { text } of this.#texts)
      for (const part of new Set(partsOf(text))) if (part !== '') counts.set(part, (counts.get(part) ?? 0) + 1)
    return [...counts]
      .filter(([, count]) => count >= this.#least)
      .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      .slice(0, mostNamed)
      .map(([part]) => part)
  }
}

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, at) => sum + value * b[at]!, 0)
