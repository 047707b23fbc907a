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

/** Measures the texts that a model writes, and words what the next prompt says against their sameness. */
export class Diversity {
  readonly #texts: string[] = []

  add(text: string): void {
    this.#texts.push(text)
    if (this.#texts.length > lookBack) this.#texts.shift()
  }

  /** Different three-word sequences as a share of all, over the last 100 texts: 1 where nothing is said twice. */
  get spread(): number {
    const grams = this.#texts.flatMap((text) => gramsOf(text, 3))
    return grams.length === 0 ? 1 : new Set(grams).size / grams.length
  }

  /** Openings of two words and sequences of three that too many of the texts share, the commonest first. */
  get overused(): { readonly openings: readonly string[]; readonly phrases: readonly string[] } {
    const openings = this.#common((text) => [words(text).slice(0, 2).join(' ')])
    const phrases = this.#common((text) => gramsOf(text, 3)).filter(
      (phrase) => !openings.some((opening) => phrase.startsWith(`${opening} `)),
    )
    return { openings, phrases }
  }

  /** A line for the next prompt; undefined while there is nothing to steer against. */
  get advice(): string | undefined {
    const { openings, phrases } = this.overused
    const named = (all: readonly string[]) => all.map((each) => JSON.stringify(each)).join(', ')
    const lines = [
      ...(openings.length > 0 ? [`Do not begin with ${named(openings)}: too many begin so.`] : []),
      ...(phrases.length > 0 ? [`Avoid the words ${named(phrases)}.`] : []),
    ]
    return lines.length > 0 ? lines.join(' ') : undefined
  }

  #common(partsOf: (text: string) => readonly string[]): string[] {
    const counts = new Map<string, number>()
    for (const text of this.#texts)
      for (const part of new Set(partsOf(text))) if (part !== '') counts.set(part, (counts.get(part) ?? 0) + 1)
    const least = Math.max(fewest, Math.ceil(mostShare * this.#texts.length))
    return [...counts]
      .filter(([, count]) => count >= least)
      .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      .slice(0, mostNamed)
      .map(([part]) => part)
  }
}
