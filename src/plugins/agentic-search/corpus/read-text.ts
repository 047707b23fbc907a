import { isAlias, isScalar, parseDocument, visit } from 'yaml'
import { type Field, lineStarts, placesOf, type ReadDocument } from './document.ts'

/** Markdown, reStructuredText and plain text: the text is the file's, so offsets are those of the source. */
export const textDocument = (bytes: Buffer, { base }: { base: string }): ReadDocument => {
  const text = decoded(bytes)
  const head = frontMatter(text) ?? headerFields(text)
  const fields = head?.fields ?? []
  const named = fields.find(({ name }) => name === 'title')
  const heading = named ? undefined : headingOf(text, head?.end ?? 0)
  return {
    id: base,
    title: named?.value ?? heading?.title ?? '',
    ...(heading && { titleLine: heading }),
    text,
    fields: fields.filter(({ name }) => name !== 'title'),
    places: placesOf('line', lineStarts(text)),
  }
}

/** UTF-8, or UTF-16 where its byte order mark says so. @throws where the bytes are no text */
export const decoded = (bytes: Buffer): string => {
  const utf16 =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? 'utf-16le'
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? 'utf-16be'
        : undefined
  if (!utf16 && bytes.subarray(0, 8192).includes(0)) throw new Error('is binary and not text')
  return new TextDecoder(utf16 ?? 'utf-8').decode(bytes)
}

const headLine = /^([A-Z][A-Za-z-]{1,30}):[ \t]*(.*)$/
const mostHeadCharacters = 8000

/** `Key: value` lines at the very top, as mails and PEPs have them; indented lines go on. Undefined unless there are two. */
const headerFields = (text: string): { fields: Field[]; end: number } | undefined => {
  const fields: { name: string; start: number; end: number }[] = []
  let at = 0
  while (at < Math.min(text.length, mostHeadCharacters)) {
    const end = text.indexOf('\n', at) < 0 ? text.length : text.indexOf('\n', at)
    const line = text.slice(at, end).replace(/\r$/, '')
    const match = headLine.exec(line)
    if (match)
      fields.push({ name: match[1]!.toLowerCase(), start: at + line.length - match[2]!.length, end: at + line.length })
    else if (/^[ \t]+\S/.test(line) && fields.length > 0) fields.at(-1)!.end = at + line.length
    else break
    at = end + 1
  }
  if (fields.length < 2) return undefined
  return {
    end: at,
    fields: fields
      .map((field) => ({ ...field, value: text.slice(field.start, field.end).replace(/\s+/g, ' ').trim() }))
      .filter(({ value }) => value !== ''),
  }
}

/** YAML between two lines of `---` at the top; only texts, numbers and dates of its first level are facts. */
const frontMatter = (text: string): { fields: Field[]; end: number } | undefined => {
  const match = /^---\r?\n([\s\S]{0,8000}?)\r?\n---[ \t]*(?:\r?\n|$)/.exec(text)
  if (!match) return undefined
  const offset = text.indexOf('\n') + 1
  const document = parseDocument(match[1]!)
  const fields: Field[] = []
  if (document.errors.length === 0)
    visit(document, {
      Pair(_, pair, path) {
        if (path.length > 2) return visit.SKIP
        const { key, value } = pair
        if (!isScalar(key) || !isScalar(value) || isAlias(value) || !value.range || value.value === null)
          return undefined
        const [start, end] = [offset + value.range[0], offset + value.range[1]]
        const plain = String(typeof value.value === 'object' ? text.slice(start, end) : value.value)
        if (plain.trim() !== '') fields.push({ name: String(key.value).toLowerCase(), value: plain.trim(), start, end })
        return undefined
      },
    })
  return { fields, end: match[0].length }
}

/** The first heading near the top: `# Title`, an underlined line, or a short line that stands alone. */
const headingOf = (text: string, from: number): { title: string; start: number; end: number } | undefined => {
  const lines = text.slice(from, from + 4000).split('\n')
  let at = from
  for (const [index, raw] of lines.entries()) {
    const line = raw.trim()
    const below = lines[index + 1]?.trim()
    const end = at + raw.length
    const marked = /^#{1,2}\s+(.{1,200}?)\s*#*$/.exec(line)
    if (marked) return { title: marked[1]!, start: at, end }
    if (line !== '' && below !== undefined && /^([=\-~*^"'`#+])\1{2,}$/.test(below) && below.length >= line.length / 2)
      return { title: line.slice(0, 200), start: at, end: end + 1 + (lines[index + 1]?.length ?? 0) }
    const first = lines.slice(0, index).every((before) => before.trim() === '')
    if (first && line !== '' && line.length <= 100 && below === '' && !/[.!?:;,]$/.test(line))
      return { title: line, start: at, end }
    at = end + 1
  }
  return undefined
}
