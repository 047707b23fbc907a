/**
 * Texts as sets of hashed shingles, for near-duplicates. Everything here runs once a row over millions of characters,
 * so it works on char codes and typed arrays and makes no strings.
 */

/** 0 separates words, 1 is part of one: letters, marks and digits of every script. Surrogates count as letters. */
const wordCode = new Uint8Array(65_536)
for (let code = 0; code < wordCode.length; code += 1) {
  const surrogate = code >= 0xd800 && code <= 0xdfff
  wordCode[code] = surrogate || /[\p{L}\p{M}\p{N}]/u.test(String.fromCharCode(code)) ? 1 : 0
}

/** Case, width and composition do not tell texts apart. */
export const folded = (text: string): string => text.normalize('NFKC').toLowerCase()

/** A growing list of int32 that is reused from text to text. */
export class IntList {
  values = new Int32Array(256)
  length = 0

  push(value: number): void {
    if (this.length === this.values.length) {
      const grown = new Int32Array(this.length * 2)
      grown.set(this.values)
      this.values = grown
    }
    this.values[this.length] = value
    this.length += 1
  }

  /** Sorts and drops repeats, in place: a set. */
  toSet(): void {
    const sorted = this.values.subarray(0, this.length).sort()
    let kept = 0
    for (let at = 0; at < sorted.length; at += 1)
      if (at === 0 || sorted[at] !== sorted[at - 1]) sorted[kept++] = sorted[at]!
    this.length = kept
  }
}

/** FNV-1a over the words of a folded text, one hash a word. */
export const hashWords = (text: string, words: IntList): void => {
  words.length = 0
  let hash = 0x811c9dc5
  let inside = false
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (wordCode[code] === 1) {
      hash = Math.imul(hash ^ code, 0x01000193)
      inside = true
    } else if (inside) {
      words.push(mix(hash))
      hash = 0x811c9dc5
      inside = false
    }
  }
  if (inside) words.push(mix(hash))
}

/** The set of `size`-word shingles; a text of fewer words is one shingle. */
export const wordShingles = (words: IntList, size: number, out: IntList): void => {
  out.length = 0
  const width = Math.min(size, words.length)
  for (let at = 0; width > 0 && at + width <= words.length; at += 1) {
    let hash = 0
    for (let word = 0; word < width; word += 1)
      hash = Math.imul(hash ^ words.values[at + word]!, 0x9e3779b1) + 0x7f4a7c15
    out.push(mix(hash))
  }
  out.toSet()
}

/** The set of `size`-character shingles of the words joined by single spaces; a shorter text is one shingle. */
export const characterShingles = (text: string, size: number, codes: IntList, out: IntList): void => {
  joinedCodes(text, codes)
  out.length = 0
  const width = Math.min(size, codes.length)
  for (let at = 0; width > 0 && at + width <= codes.length; at += 1) {
    let hash = 0x811c9dc5
    for (let next = 0; next < width; next += 1) hash = Math.imul(hash ^ codes.values[at + next]!, 0x01000193)
    out.push(mix(hash))
  }
  out.toSet()
}

const joinedCodes = (text: string, codes: IntList) => {
  codes.length = 0
  let gap = false
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (wordCode[code] !== 1) {
      gap = codes.length > 0
      continue
    }
    if (gap) codes.push(32)
    gap = false
    codes.push(code)
  }
}

/** murmur3's finaliser: every bit of the input moves every bit of the hash. */
export const mix = (hash: number): number => {
  let h = hash
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** How many values two sorted sets share; the sets lie in `a` from `fromA` to `toA`, and in `b` likewise. */
export const sharedCount = (
  a: Int32Array,
  fromA: number,
  toA: number,
  b: Int32Array,
  fromB: number,
  toB: number,
): number => {
  let [i, j, shared] = [fromA, fromB, 0]
  while (i < toA && j < toB) {
    const [x, y] = [a[i]!, b[j]!]
    if (x === y) shared += 1
    if (x <= y) i += 1
    if (y <= x) j += 1
  }
  return shared
}

const setOf = (text: string, size: number): Int32Array => {
  const [words, out] = [new IntList(), new IntList()]
  hashWords(folded(text), words)
  wordShingles(words, size, out)
  return out.values.subarray(0, out.length)
}

/** Exact Jaccard similarity of two texts' word shingles: shared / all. 0 where both are empty. */
export const jaccard = (a: string, b: string, size = 3): number => {
  const [left, right] = [setOf(a, size), setOf(b, size)]
  const shared = sharedCount(left, 0, left.length, right, 0, right.length)
  const all = left.length + right.length - shared
  return all === 0 ? 0 : shared / all
}

/** The share of `text`'s word shingles that `other` holds too. 0 where `text` is empty. */
export const containment = (text: string, other: string, size = 3): number => {
  const [left, right] = [setOf(text, size), setOf(other, size)]
  return left.length === 0 ? 0 : sharedCount(left, 0, left.length, right, 0, right.length) / left.length
}
