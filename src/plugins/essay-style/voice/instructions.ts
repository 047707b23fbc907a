import { excerpt } from '../../../skill.ts'

/** What people write who want a model to do something else. Only told to the reader: nothing obeys a text anyway. */
const patterns = [
  /\b(?:ignore|disregard|forget)\b[^.\n]{0,40}\b(?:previous|above|prior|earlier|all)\b[^.\n]{0,30}\b(?:instructions?|prompts?|rules?)\b/i,
  /<\|?\/?(?:im_start|im_end|system|assistant|endoftext)\|?>/i,
  /\byou are (?:now )?(?:an? )?(?:AI|language model|assistant|chatbot)\b/i,
  /^\s*(?:system|assistant)\s*:\s*\S/im,
  /\b(?:respond|answer|reply) only with\b/i,
]

const longest = 80

/** The first such place of a text, shortened. */
export const instructionIn = (text: string): string | undefined => {
  for (const pattern of patterns) {
    const found = pattern.exec(text)?.[0]
    if (found) return excerpt(found.trim(), longest)
  }
  return undefined
}
