/** Words and sentences as every measure of this skill counts them. */

const word = /[\p{L}\p{N}]+(?:['’][\p{L}]+)*/gu

/** Lower-cased words in order; a contraction is one word, "3.5" are two. Unlike a segmenter's, the counts are those of every Node version. */
export const wordsOf = (text: string): string[] =>
  (text.toLowerCase().match(word) ?? []).map((each) => each.replaceAll('’', "'"))

export const countWords = (text: string): number => text.match(word)?.length ?? 0

/** Titles that end with a full stop and end no sentence. */
const abbreviation = /(?:\b(?:Mr|Mrs|Ms|Dr|St|Prof|Messrs|vs|etc|e\.g|i\.e)|\b[A-Z])\.$/
const sentenceEnd = /(?<=[.!?…]["'”’)\]]*)\s+(?=["'“‘([]*[\p{Lu}\p{N}—–-])/u

/** Sentences of a text, paragraph by paragraph; text without a full stop is one. */
export const sentencesOf = (text: string): string[] => text.split(/\n\s*\n/).flatMap(sentencesOfParagraph)

const sentencesOfParagraph = (paragraph: string): string[] => {
  const sentences: string[] = []
  for (const part of paragraph.replace(/\s+/g, ' ').trim().split(sentenceEnd)) {
    const last = sentences.at(-1)
    if (last !== undefined && abbreviation.test(last)) sentences[sentences.length - 1] = `${last} ${part}`
    else if (part !== '') sentences.push(part)
  }
  return sentences
}
