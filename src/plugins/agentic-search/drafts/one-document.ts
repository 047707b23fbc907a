/** Questions that one document answers, or a sentence that the student was already told. */
import type { Entry } from '../catalog.ts'
import { products, qualities } from '../facts.ts'
import { factsWithField, type Library, need, type Parts, simpleFacts, spoken, titleQuery } from './parts.ts'

export async function* fact(entries: readonly Entry[], library: Library): AsyncGenerator<Parts> {
  for (const entry of entries) {
    if (library.catalog.near(entry).length > 0 || !(await library.shows(titleQuery(entry), entry.id))) continue
    for await (const parts of simpleFacts(entry, library)) yield { kind: 'fact', ...parts }
    yield* gaps(entry, library)
  }
}

const gapWord = /(?<=[\p{Ll},] )(\p{Lu}[\p{L}]{3,}|\d[\d.,]*\d)(?=[ ,.])/gu

/** A sentence with a gap where a name or a number was: questions that any text gives. At most two a document. */
function* gaps(entry: Entry, library: Library): Generator<Parts> {
  if (entry.facts.size > 1) return
  const text = library.text(entry.id)
  let made = 0
  for (const { 0: sentence } of text.matchAll(/(?<=[.!?\n]\s)\p{Lu}[^.!?]{50,180}[.!?](?=\s)/gu)) {
    const words = [...sentence.matchAll(gapWord)].filter(({ 0: word }) => text.split(word).length === 2)
    const gap = words.at(-1)
    if (!gap || made === 2) continue
    made += 1
    const line = `${sentence.slice(0, gap.index)}____${sentence.slice(gap.index + gap[0].length)}`.replace(/\s+/g, ' ')
    const question = `What stands in the gap, in ${spoken(entry.title)}? ${line}`
    yield {
      kind: 'fact',
      question,
      needs: [need(entry, titleQuery(entry))],
      answers: [gap[0]],
      evidence: [{ document: entry.id, text: gap[0] }],
    }
  }
}

/** What a document of almost the same title says is no answer. */
export async function* nearTitle(entries: readonly Entry[], library: Library): AsyncGenerator<Parts> {
  for (const entry of entries) {
    const twins = library.catalog.near(entry)
    if (twins.length === 0 || !(await library.shows(titleQuery(entry), entry.id))) continue
    for await (const { field, ...parts } of factsWithField(entry, library)) {
      const canaries = twins
        .flatMap((twin) => twin.facts.get(field) ?? [])
        .filter((value) => value !== parts.answers[0])
      yield { kind: 'near-title', ...parts, canaries }
    }
  }
}

const firstWords = (values: typeof products, phrase: string) =>
  values.find(([word]) => phrase.split(' ').includes(word))

/** Asked in other words than the document's own: the first query finds nothing, the second says it as the document does. */
export async function* mismatch(entries: readonly Entry[], library: Library): AsyncGenerator<Parts> {
  for (const entry of entries) {
    const made = entry.facts.get('product') ?? ''
    const [product, quality] = [firstWords(products, made), firstWords(qualities, made)]
    const director = entry.facts.get('director')
    if (!product || !quality || !director) continue
    const asked = `${quality[1]} ${product[1]}`
    const found = await library.shows(asked, entry.id)
    if (found ? !library.byMeaning : !(await library.shows(made, entry.id))) continue
    for (const question of [
      `Who heads the firm that makes ${asked}?`,
      `Whom does one ask for where they make ${asked}?`,
    ])
      yield {
        kind: 'mismatch',
        question,
        needs: [need(entry, ...(found ? [asked] : [asked, made]))],
        answers: [director],
        evidence: [{ document: entry.id, text: director }],
      }
  }
}

export async function* inContext(entries: readonly Entry[], library: Library): AsyncGenerator<Parts> {
  for (const entry of entries)
    for await (const { field, ...parts } of factsWithField(entry, library))
      yield {
        kind: 'in-context',
        ...parts,
        needs: [],
        evidence: [],
        context: `${entry.title}, ${field.replace('-', ' ')}: ${parts.answers[0]}.`,
      }
}
