import { wordsOf } from './voice/words.ts'

/** Words of a run that is looked up, and how many runs one of them stands for: every copied run of nine words is found. */
const runWords = 7
const window = 3
/** Texts whose keys are remembered. */
const mostSeen = 500
/** Base64 characters of a hash of 48 bits: with 32, one reply in 400 would be called copied by chance. */
const keyLength = 8

/**
 * Winnowed hashes of all runs of words in the texts (Schleimer, Wilkerson, Aiken 2003), one after the other in base64: under a
 * megabyte for four authors, and no text can be read out of it.
 */
export const fingerprintsOf = (texts: readonly string[]): string => {
  const kept = new Set<string>()
  for (const text of texts) for (const key of winnowed(text)) kept.add(key)
  return [...kept].sort().join('')
}

const seen = new Map<string, readonly string[]>()

/** The least of each window's keys; of a text that was read before (the sample authors' are, by every definition) remembered. */
const winnowed = (text: string): readonly string[] => {
  const known = seen.get(text)
  if (known) return known
  const keys = runKeys(wordsOf(text))
  const kept = new Set<string>()
  for (let at = 0; at + window <= keys.length; at += 1) kept.add(least(keys.slice(at, at + window)))
  if (seen.size >= mostSeen) seen.clear()
  seen.set(text, [...kept])
  return [...kept]
}

const least = (keys: readonly string[]): string => keys.reduce((a, b) => (b < a ? b : a))

const opened = new Map<string, Set<string>>()

/** The first run of words that a text shares with the fingerprinted ones. */
export const copiedRun = (text: string, fingerprints: string): string | undefined => {
  let known = opened.get(fingerprints)
  if (!known) {
    known = new Set(
      Array.from({ length: fingerprints.length / keyLength }, (_, at) =>
        fingerprints.slice(at * keyLength, (at + 1) * keyLength),
      ),
    )
    opened.clear() // one definition is at work at a time
    opened.set(fingerprints, known)
  }
  const words = wordsOf(text)
  const all = known
  const at = runKeys(words).findIndex((key) => all.has(key))
  return at < 0 ? undefined : words.slice(at, at + runWords).join(' ')
}

/** Two FNV-1a hashes of each run of words, 32 and 16 bits of them. */
const runKeys = (words: readonly string[]): string[] => {
  const bytes = Buffer.alloc(6)
  return Array.from({ length: Math.max(0, words.length - runWords + 1) }, (_, from) => {
    let [a, b] = [0x811c9dc5, 0x01234567]
    for (const character of words.slice(from, from + runWords).join(' ')) {
      const code = character.codePointAt(0) ?? 0
      a = Math.imul(a ^ code, 0x01000193)
      b = Math.imul(b ^ code, 0x85ebca6b) + 0x9e3779b9
    }
    bytes.writeUInt32LE(a >>> 0, 0)
    bytes.writeUInt16LE((b >>> 16) & 0xffff, 4)
    return bytes.toString('base64')
  })
}
