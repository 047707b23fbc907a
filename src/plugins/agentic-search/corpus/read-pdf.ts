import { extractText, getDocumentProxy, getMeta } from 'unpdf'
import { placesOf, type ReadDocument } from './document.ts'

/** The text of a PDF, page by page. @throws with words for a person: broken, encrypted, without text */
export const pdfDocument = async (bytes: Buffer, { base }: { base: string }): Promise<ReadDocument> => {
  const pdf = await getDocumentProxy(new Uint8Array(bytes), { verbosity: 0 }).catch((error: Error) => {
    throw new Error(
      error.name === 'PasswordException'
        ? 'is encrypted: save a copy without a password'
        : `is no readable PDF (${error.message})`,
    )
  })
  try {
    const { text: pages } = await extractText(pdf, { mergePages: false })
    if (pages.every((page) => page.trim() === ''))
      throw new Error('holds no text: scanned pages need text recognition first')
    const starts: number[] = []
    let text = ''
    for (const page of pages) {
      starts.push(text.length)
      text += `${page}\n\n`
    }
    const { info } = await getMeta(pdf)
    const title = typeof info?.Title === 'string' ? info.Title.trim() : ''
    return {
      id: base,
      title,
      text,
      fields: [],
      places: { ...placesOf('page', starts), seams: starts },
    }
  } finally {
    await pdf.destroy()
  }
}
