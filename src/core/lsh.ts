import { mulberry32 } from './random.ts'
import { type IntList, mix, sharedCount } from './shingles.ts'

/** 25 bands of 5 rows find a pair of similarity .8 with probability .99995 (facts/evaluation.md 2.5). */
const bands = 25
const rowsPerBand = 5

/**
 * Sets, searchable by Jaccard similarity: MinHash signatures pick candidates, the sets themselves decide. Sets and bands
 * lie in flat arrays that double when full; a search allocates nothing.
 */
export class SetIndex {
  readonly #xor = new Int32Array(bands * rowsPerBand)
  readonly #times = new Int32Array(bands * rowsPerBand)
  readonly #keys = new Int32Array(bands) // of the set that `sign` saw last
  #pool = new Int32Array(4096) // all sets, one after the other
  #ends = new Int32Array(256) // where each set ends in the pool
  #count = 0
  #heads = new Int32Array(8192).fill(-1) // by band key: the newest entry of its chain
  #entryKeys = new Int32Array(8192)
  #next = new Int32Array(8192) // entry = set * bands + band
  #seen = new Int32Array(256) // the search that looked at a set last
  #search = 0

  constructor(readonly threshold: number) {
    const random = mulberry32(0x77686574)
    for (let at = 0; at < this.#xor.length; at += 1) {
      this.#xor[at] = random() * 2 ** 32
      this.#times[at] = (random() * 2 ** 32) | 1
    }
  }

  /** Computes the band keys of a set, which `add` and `find` then use. */
  sign({ values, length }: IntList): void {
    for (let band = 0; band < bands; band += 1) {
      let key = band + 1
      for (let row = band * rowsPerBand; row < (band + 1) * rowsPerBand; row += 1) {
        const xor = this.#xor[row]!
        const times = this.#times[row]!
        let least = 0x7fffffff
        for (let at = 0; at < length; at += 1) least = Math.min(least, Math.imul(values[at]! ^ xor, times))
        key = (Math.imul(key ^ least, 0x9e3779b1) + 0x7f4a7c15) | 0
      }
      this.#keys[band] = mix(key)
    }
  }

  /** Adds the signed set. @returns its place: 0 for the first one */
  add(set: IntList): number {
    const place = this.#count
    this.#reserve(set.length)
    const start = this.#startOf(place)
    this.#pool.set(set.values.subarray(0, set.length), start)
    this.#ends[place] = start + set.length
    this.#count += 1
    for (let band = 0; band < bands; band += 1) this.#link(place * bands + band, this.#keys[band]!)
    return place
  }

  /**
   * Looks for a set at or above the threshold among those that share a band with the signed one; the first one met is
   * as good as the nearest, since either way it is a duplicate.
   *
   * @param accepts leaves a set out of the search
   */
  find(set: IntList, accepts?: (place: number) => boolean): { place: number; similarity: number } | undefined {
    this.#search += 1
    for (let band = 0; band < bands; band += 1) {
      const key = this.#keys[band]!
      for (let entry = this.#heads[key & (this.#heads.length - 1)]!; entry >= 0; entry = this.#next[entry]!) {
        if (this.#entryKeys[entry] !== key) continue
        const place = Math.floor(entry / bands)
        if (this.#seen[place] === this.#search) continue
        this.#seen[place] = this.#search
        const similarity = this.#similarity(set, place)
        if (similarity >= this.threshold && (accepts?.(place) ?? true)) return { place, similarity }
      }
    }
    return undefined
  }

  #similarity(set: IntList, place: number): number {
    const [from, to] = [this.#startOf(place), this.#ends[place]!]
    const [less, more] = set.length < to - from ? [set.length, to - from] : [to - from, set.length]
    if (less < this.threshold * more) return 0
    const shared = sharedCount(set.values, 0, set.length, this.#pool, from, to)
    return shared / (less + more - shared)
  }

  #startOf(place: number): number {
    return place === 0 ? 0 : this.#ends[place - 1]!
  }

  #link(entry: number, key: number): void {
    const slot = key & (this.#heads.length - 1)
    this.#entryKeys[entry] = key
    this.#next[entry] = this.#heads[slot]!
    this.#heads[slot] = entry
  }

  #reserve(length: number): void {
    if (this.#startOf(this.#count) + length > this.#pool.length)
      this.#pool = grown(this.#pool, this.#startOf(this.#count) + length)
    if (this.#count === this.#ends.length) {
      this.#ends = grown(this.#ends)
      this.#seen = grown(this.#seen)
    }
    if ((this.#count + 1) * bands > this.#next.length) this.#growBands()
  }

  #growBands(): void {
    this.#entryKeys = grown(this.#entryKeys)
    this.#next = grown(this.#next)
    this.#heads = new Int32Array(this.#heads.length * 2).fill(-1)
    for (let entry = 0; entry < this.#count * bands; entry += 1) this.#link(entry, this.#entryKeys[entry]!)
  }
}

const grown = (values: Int32Array<ArrayBuffer>, least = 0): Int32Array<ArrayBuffer> => {
  const larger = new Int32Array(Math.max(values.length * 2, least * 2))
  larger.set(values)
  return larger
}
