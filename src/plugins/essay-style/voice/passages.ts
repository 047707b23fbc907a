import { countWords, sentencesOf } from './words.ts'

/**
 * A text in passages of whole sentences, each of at least so many words; what is left at the end joins the last one, and a
 * shorter text is one passage.
 */
export const passagesOf = (text: string, words: number): string[] => {
  const passages: string[][] = []
  let current: string[] = []
  let size = 0
  for (const sentence of sentencesOf(text)) {
    current.push(sentence)
    size += countWords(sentence)
    if (size < words) continue
    passages.push(current)
    ;[current, size] = [[], 0]
  }
  const last = passages.at(-1)
  if (current.length > 0 && last) last.push(...current)
  else if (current.length > 0) passages.push(current)
  return passages.map((sentences) => sentences.join(' '))
}
