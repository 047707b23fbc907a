import { SetIndex } from './lsh.ts'
import { characterShingles, folded, hashWords, IntList, wordShingles } from './shingles.ts'

/** Below so many words a text has too few word shingles: characters tell it apart (facts/evaluation.md 2.5). */
const shortWords = 8
/** A text up to so many words is also held against short ones: "please" must not make an old request a new one. */
const nearlyShortWords = 11
const wordsPerShingle = 3
const charactersPerShingle = 5

export interface NearDuplicate {
  readonly id: string
  readonly similarity: number // Jaccard, threshold..1
}

/**
 * Finds texts that are nearly the same as one seen before: word 3-grams with Jaccard similarity at or above the
 * threshold, and character 5-grams where one of the two has fewer than 8 words. Case, punctuation, width and composition
 * do not count. Texts without any word are never duplicates.
 */
export class NearDuplicates {
  readonly #byWords: SetIndex
  readonly #byCharacters: SetIndex
  readonly #wordIds: string[] = []
  readonly #characterIds: string[] = []
  readonly #short: boolean[] = [] // of each text in `#byCharacters`
  readonly #words = new IntList()
  readonly #wordSet = new IntList()
  readonly #codes = new IntList()
  readonly #characterSet = new IntList()
  readonly #acceptsShort = (place: number) => this.#short[place] === true
  #size = 0
  #read: string | undefined // the text whose sets and signatures are in place

  constructor({ threshold = 0.8 }: { readonly threshold?: number } = {}) {
    this.#byWords = new SetIndex(threshold)
    this.#byCharacters = new SetIndex(threshold)
  }

  /** How many texts have been added; those without any word leave no trace. */
  get size(): number {
    return this.#size
  }

  add(id: string, text: string): void {
    const words = this.#readText(text)
    if (words === 0) return
    this.#size += 1
    if (words >= shortWords) {
      this.#byWords.add(this.#wordSet)
      this.#wordIds.push(id)
    }
    if (words >= nearlyShortWords) return
    this.#byCharacters.add(this.#characterSet)
    this.#characterIds.push(id)
    this.#short.push(words < shortWords)
  }

  /** A text added before that this one nearly repeats; not always the nearest one. */
  find(text: string): NearDuplicate | undefined {
    const words = this.#readText(text)
    if (words >= shortWords) {
      const found = this.#byWords.find(this.#wordSet)
      if (found) return { id: this.#wordIds[found.place]!, similarity: found.similarity }
    }
    if (words === 0 || words >= nearlyShortWords) return undefined
    const found = this.#byCharacters.find(this.#characterSet, words < shortWords ? undefined : this.#acceptsShort)
    return found && { id: this.#characterIds[found.place]!, similarity: found.similarity }
  }

  /** Makes the sets that the text's length calls for; `find` and then `add` of one text pay once. @returns its words */
  #readText(text: string): number {
    if (this.#read === text) return this.#words.length
    const plain = folded(text)
    hashWords(plain, this.#words)
    this.#read = text
    if (this.#words.length >= shortWords) {
      wordShingles(this.#words, wordsPerShingle, this.#wordSet)
      this.#byWords.sign(this.#wordSet)
    }
    if (this.#words.length > 0 && this.#words.length < nearlyShortWords) {
      characterShingles(plain, charactersPerShingle, this.#codes, this.#characterSet)
      this.#byCharacters.sign(this.#characterSet)
    }
    return this.#words.length
  }
}
