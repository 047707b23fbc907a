import { z } from 'zod'
import { readLines } from '../../../skill.ts'
import { type CorpusNote, type Field, placesOf, type ReadDocument } from './document.ts'

const longestLine = 4 << 20 // UTF-16 units

const Row = z.object({
  id: z.union([z.string().min(1), z.number()]).optional(),
  title: z.string().optional(),
  text: z.string().optional(),
  body: z.string().optional(),
  contents: z.string().optional(),
})

/** One document a line: `{"id"?, "title"?, "text"}`; `body` and `contents` are read as `text`. Other texts and numbers are fields. */
export async function* jsonlDocuments(
  of: { readonly file: string; readonly path: string; readonly base: string },
  note: (note: CorpusNote) => void,
): AsyncGenerator<ReadDocument> {
  let broken = 0
  const tell = (line: number, why: string) => {
    broken += 1
    if (broken <= 3) note({ path: of.path, problem: `line ${line}: ${why}` })
  }
  for await (const line of readLines(of.file)) {
    if (line.text.trim() === '') continue
    if (line.text.length > longestLine) tell(line.number, 'longer than 4 MB')
    else {
      const document = documentOf(line.text, line.number, of.base)
      if (typeof document === 'string') tell(line.number, document)
      else yield document
    }
  }
  if (broken > 3) note({ path: of.path, problem: `${broken - 3} more lines could not be read` })
}

const documentOf = (text: string, line: number, base: string): ReadDocument | string => {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return 'is not JSON'
  }
  const row = Row.safeParse(json)
  const body = row.data?.text ?? row.data?.body ?? row.data?.contents
  if (!row.success || body === undefined || body.trim() === '') return 'has no `text`'
  return {
    id: row.data.id === undefined ? `${base}/${line}` : String(row.data.id),
    title: row.data.title?.trim() ?? '',
    text: body,
    fields: fieldsOf(json as Record<string, unknown>, body),
    places: placesOf('source line', [0], line),
  }
}

const own = new Set(['id', 'title', 'text', 'body', 'contents'])

/** Only facts that the text says too have a place that could be cited. */
const fieldsOf = (row: Record<string, unknown>, text: string): Field[] =>
  Object.entries(row).flatMap(([name, value]) => {
    if (own.has(name) || (typeof value !== 'string' && typeof value !== 'number')) return []
    const start = text.indexOf(String(value))
    return start < 0
      ? []
      : [{ name: name.toLowerCase(), value: String(value), start, end: start + String(value).length }]
  })
