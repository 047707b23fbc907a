import type { AssistantTurn, Opening, Transcript } from '../../skill.ts'
import type { Definition } from './definition.ts'
import type { Item, Need } from './item.ts'
import { openDefinition } from './library.ts'
import { SearchSession } from './session.ts'
import { tools } from './tools.ts'
import { searchesOf, type Trace, traceOf } from './trace.ts'

const finals = tools.filter(({ name }) => name === 'answer' || name === 'not_found')

/** The question, after what is given with it: a note, or in static mode the documents that a search would have found. */
export const begin = (item: Item, definition: Definition): Opening => {
  const parts = [
    item.context,
    definition.mode === 'static' ? staticResults(item, definition) : undefined,
    item.question,
  ]
  return {
    messages: [{ role: 'user', content: parts.filter((part) => part !== undefined).join('\n') }],
    tools: definition.mode === 'static' ? finals : tools,
    maxSteps: definition.mode === 'static' ? 1 : definition.maxSteps,
  }
}

/** What the gold's searches by words and its readings give, distractors too, so that only the answering is left. */
const staticResults = (item: Item, definition: Definition): string | undefined => {
  if (item.kind === 'in-context') return undefined
  const { index, searcher } = openDefinition(definition)
  const hidden = new Set(item.hidden)
  const session = new SearchSession(searcher, definition, hidden)
  const found = new Set<string>()
  for (const { queries } of [...item.needs, ...item.looks])
    for (const { document } of index.search(queries.at(-1)!, { limit: definition.results, hidden }).hits)
      found.add(document)
  for (const { document } of item.needs) found.add(document)
  const lines = [...found].map(
    (document) => `[${document}] ${index.info(document)?.title}: ${session.read(document).content}`,
  )
  return lines.length > 0 ? lines.join('\n') : 'Nothing found.'
}

/**
 * What a good searcher does next, wherever the search stands: look for what is needed, read what was found, go on with another
 * query after a poor one, and answer as soon as there is enough. Undefined: the episode is over.
 */
export const gold = (item: Item, soFar: Transcript, definition: Definition): AssistantTurn | undefined => {
  const trace = traceOf(soFar)
  if (trace.end.kind !== 'none') return undefined
  const number = trace.steps.length + 1
  const call = (name: string, given: Record<string, unknown>): AssistantTurn => ({
    role: 'assistant',
    content: '',
    toolCalls: [{ id: `call_${number}`, name, arguments: given }],
  })
  const live = definition.mode === 'live'
  for (const need of live ? [...item.needs, ...item.looks] : []) {
    const next = nextFor(need, trace, item)
    if (next) return call(next.name, next.given)
  }
  if (item.names.length > 0) return { role: 'assistant', content: `Do you mean ${item.names.join(' or ')}?` }
  if (item.answers.length === 0) return call('not_found', { reason: 'No document says it.' })
  const citations = item.needs.map(({ document }) => document)
  return call('answer', { text: item.answers[0]!, citations: [...new Set(citations)] })
}

const nextFor = ({ document, queries }: Need, trace: Trace, { kind, evidence }: Item) => {
  if (trace.opened.has(document)) {
    const from = readOn(document, evidence, trace)
    return from === undefined ? undefined : { name: 'read', given: from > 0 ? { document, from } : { document } }
  }
  const asked = new Set(searchesOf(trace))
  if (trace.shown.has(document)) return kind === 'ambiguous' ? undefined : { name: 'read', given: { document } }
  const query = queries.find((each) => !asked.has(each))
  return query === undefined ? undefined : { name: 'search', given: { query } }
}

/** Where a document goes on that was opened and has not shown its evidence yet; undefined: it has, or it was read to its end. */
const readOn = (document: string, evidence: Item['evidence'], { opened, steps }: Trace): number | undefined => {
  const seen = opened.get(document) ?? ''
  if (evidence.every((span) => span.document !== document || seen.includes(span.text))) return undefined
  const read = new Set(
    steps.flatMap(({ call }) =>
      typeof call !== 'string' && call.name === 'read' && call.document === document ? [call.from ?? 0] : [],
    ),
  )
  const further = [...seen.matchAll(/\n\(goes on at (\d{1,9})\)/g)].map(([, at]) => Number(at))
  return [0, ...further].find((from) => !read.has(from))
}
