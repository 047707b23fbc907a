import { distance } from 'fastest-levenshtein'

/** A candidate is near when at most this share of the longer name differs; two letters may always differ in a name of four or more. */
const nearShare = 0.4

const differences = (name: string, candidate: string): number => {
  const [a, b] = [name.toLowerCase(), candidate.toLowerCase()]
  const longer = Math.max(a.length, b.length)
  const found = distance(a, b)
  if (found <= longer * nearShare || (found <= 2 && longer >= 4)) return found
  // "token" for "maxTokens", "read" for "read_file": a word inside the right name is near, but less so than a misspelling
  const shorter = Math.min(a.length, b.length)
  return shorter >= 3 && (a.includes(b) || b.includes(a)) ? longer : Number.POSITIVE_INFINITY
}

/** The right name that is nearest to a wrong one, or undefined where none is near enough to be meant. */
export const nearest = (name: string, candidates: Iterable<string>): string | undefined => {
  let best: { candidate: string; distance: number } | undefined
  for (const candidate of candidates) {
    const found = differences(name, candidate)
    if (found < (best?.distance ?? Number.POSITIVE_INFINITY)) best = { candidate, distance: found }
  }
  return best?.candidate
}

const shown = 20

/**
 * What to say about a name that nothing has: `There is no skill "dats". Did you mean "dates"? There are: a, b.`
 * @param what  the kind of thing in the singular: "skill", "tool", "run"
 */
export const unknownName = (what: string, name: string, candidates: Iterable<string>): string => {
  const names = [...candidates]
  const guess = nearest(name, names)
  const sentences = [`There is no ${what} ${JSON.stringify(name.slice(0, 100))}.`]
  if (guess !== undefined) sentences.push(`Did you mean "${guess}"?`)
  if (names.length === 0) sentences.push('There are none yet.')
  else {
    const more = names.length > shown ? ` and ${names.length - shown} more` : ''
    sentences.push(`There ${names.length === 1 ? 'is' : 'are'}: ${names.slice(0, shown).join(', ')}${more}.`)
  }
  return sentences.join(' ')
}
