import mammoth from 'mammoth'
import { placesOf, type ReadDocument } from './document.ts'
import { textOfHtml } from './read-html.ts'

/** The text of a Word document; its places are paragraphs. The first heading is the title. */
export const docxDocument = async (bytes: Buffer, { base }: { base: string }): Promise<ReadDocument> => {
  const { value } = await mammoth
    .convertToHtml({ buffer: bytes }, { convertImage: mammoth.images.imgElement(async () => ({ src: '' })) })
    .catch((error: Error) => {
      throw new Error(`is no readable Word document (${error.message})`)
    })
  const { text } = textOfHtml(value)
  const heading = /<h1[^>]*>([\s\S]*?)<\/h1>/.exec(value)?.[1]
  const title = heading ? textOfHtml(heading).text.trim() : ''
  const starts = [0]
  for (const { index, 0: gap } of text.matchAll(/\n+/g)) starts.push(index + gap.length)
  return {
    id: base,
    title,
    text,
    fields: [],
    places: placesOf('paragraph', starts),
  }
}
