import type { ReportedStudent, ReportLine, ReportSection, Scored, Transcript } from '../../skill.ts'
import type { Item } from './item.ts'
import { says } from './text.ts'
import { type Step, traceOf } from './trace.ts'

type Students = readonly ReportedStudent<Item>[]
const shownItems = 6
const longestReading = 300

/** What a person wants to see of searches: some of them step by step, before and after, and who reads what by kind of question. */
export const report = (students: Students): readonly ReportSection[] => {
  const first = students[0]
  if (!first) return []
  return [
    searches(students, first),
    byTag(students, 'kind', 'Documents by kind of question'),
    byTag(students, 'hops', 'Documents by number of hops'),
  ]
}

const searches = (students: Students, first: Students[number]): ReportSection => ({
  title: 'Searches, step by step',
  lead: 'One dev question of a kind each: queries with what they showed, readings, and the answer with its citations opened on the text that was read. Marked: documents that the answer stands on, and what is wrong.',
  parts: oneOfAKind(first.rows).map(({ item }) => ({
    kind: 'texts' as const,
    request: [item.context, item.question].filter(Boolean).join(' '),
    columns: students.flatMap(({ name, rows }) => {
      const row = rows.find((each) => each.item.id === item.id)
      return row ? [{ head: name, lines: trajectoryOf(row) }] : []
    }),
  })),
})

const oneOfAKind = (rows: readonly Scored<Item>[]): Scored<Item>[] => {
  const kinds = new Map<string, Scored<Item>>()
  for (const row of [...rows].sort((a, b) => (a.item.id < b.item.id ? -1 : 1)))
    if (!kinds.has(row.item.kind)) kinds.set(row.item.kind, row)
  return [...kinds.values()].slice(0, shownItems)
}

/** A search as lines: what was asked, what it gave, what was read, what was answered. */
export const trajectoryOf = ({ item, transcript, grade }: Scored<Item>): ReportLine[] => {
  const gold = new Set(item.needs.map(({ document }) => document))
  const trace = traceOf(transcript)
  const lines = trace.steps.flatMap((step) => linesOf(step, resultOf(step, transcript), gold, trace.opened))
  if (trace.end.kind === 'text')
    lines.push({ text: trace.end.text, ...(grade.criteria.format?.status === 'fail' && { mark: 'no call' }) })
  const verdict = grade.criteria.right
  const why = verdict && 'reason' in verdict ? verdict.reason : ''
  lines.push({
    text: `${verdict?.status === 'pass' ? 'right' : 'wrong'}: ${why}`,
    mark: verdict?.status === 'pass' ? 'right' : 'wrong',
  })
  return lines
}

const resultOf = ({ turn }: Step, transcript: Transcript): string => {
  const after = transcript.slice(transcript.indexOf(turn) + 1)
  const answer = after.find(({ role }) => role === 'tool')
  return answer?.role === 'tool' ? answer.content : ''
}

const linesOf = (
  { call, failed }: Step,
  result: string,
  gold: ReadonlySet<string>,
  opened: ReadonlyMap<string, string>,
): ReportLine[] => {
  if (typeof call === 'string') return [{ text: call, mark: 'malformed' }]
  const mark = (id: string) => (gold.has(id) ? { mark: 'needed' } : {})
  switch (call.name) {
    case 'search':
      return [
        { text: `search: ${call.query}` },
        ...result.split('\n').map((line) => ({ text: `  ${line}`, ...mark(/^\[([^\]]+)\]/.exec(line)?.[1] ?? '') })),
      ]
    case 'read':
      return [
        { text: `read: ${call.document}`, ...(failed ? { mark: 'no such document' } : mark(call.document)) },
        { text: `  ${result.slice(0, longestReading)}` },
      ]
    case 'answer':
      return [{ text: `answer: ${call.text}` }, ...call.citations.map((id) => citation(id, call.text, opened.get(id)))]
    default:
      return [{ text: `not found: ${call.reason}` }]
  }
}

/** The sentence of what was read that says what the answer says; else how the reading begins. */
const citation = (id: string, answer: string, text: string | undefined): ReportLine => {
  if (text === undefined) return { text: `  cites ${id}`, mark: 'not read' }
  const sentences = text.trim().split(/(?<=[.!?])\s+|\n+/)
  const saying = sentences.find((sentence) => says(sentence, answer))
  return {
    text: `  cites ${id}: “${(saying ?? sentences[0] ?? '').slice(0, 200)}”`,
    ...(saying ? { mark: 'says it' } : {}),
  }
}

const measures = ['hit', 'document-recall', 'document-precision', 'right'] as const

const byTag = (students: Students, dimension: string, title: string): ReportSection => {
  const values = [
    ...new Set(students.flatMap(({ rows }) => rows.flatMap(({ item }) => item.tags[dimension] ?? []))),
  ].sort()
  const mean = (rows: readonly Scored<Item>[], name: string) => {
    const scores = rows.flatMap(({ grade }) => {
      const verdict = grade.criteria[name]
      return verdict && 'score' in verdict ? [verdict.score] : []
    })
    return scores.length === 0
      ? '–'
      : `${Math.round((100 * scores.reduce((sum, score) => sum + score, 0)) / scores.length)} %`
  }
  return {
    title,
    lead: `Means over dev items; – where it does not apply. ${students.map(({ name }) => name).join(' → ')}.`,
    parts: [
      {
        kind: 'table',
        head: [dimension, 'items', ...measures],
        rows: values.map((value) => {
          const of = students.map(({ rows }) => rows.filter(({ item }) => item.tags[dimension]?.includes(value)))
          return [value, of[0]?.length ?? 0, ...measures.map((name) => of.map((rows) => mean(rows, name)).join(' → '))]
        }),
      },
    ],
  }
}
