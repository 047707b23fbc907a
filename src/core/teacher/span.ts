/** Words of a sentence, at least: fewer stand in any text. */
const fewest = 3

/** What a teacher quotes as it stands in the text, whatever its line breaks; undefined where it does not stand there. */
export const spanIn = (text: string, quote: string): string | undefined => {
  const parts = quote.trim().split(/\s+/).map(escaped)
  return parts.length < fewest ? undefined : new RegExp(parts.join('\\s+')).exec(text)?.[0]
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
