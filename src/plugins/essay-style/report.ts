import type { ReportedStudent, ReportLine, ReportSection, Scored } from '../../skill.ts'
import type { Definition } from './definition.ts'
import type { Item } from './item.ts'
import { pooled } from './pooled.ts'
import { readReply } from './reading.ts'
import { turnsOf } from './turns.ts'
import { countsOf } from './voice/counts.ts'
import { voiceMapOf } from './voice/map.ts'
import { contentWords } from './words.ts'

type Students = readonly ReportedStudent<Item>[]
const shownItems = 4
const longest = 1600

/** What a person wants to see of essays: outlines beside each other with what they lack and invent, and where the voices lie. */
export const report = (students: Students, definition: Definition): readonly ReportSection[] =>
  students.length === 0 ? [] : [outlines(students, definition), voices(students, definition)]

/** Items that the students differ most on first: what training changed is what a reader wants to see. */
const outlines = (students: Students, definition: Definition): ReportSection => {
  const [first, last] = [students[0], students.at(-1)]
  const scoreOf = (rows: readonly Scored<Item>[] | undefined, id: string) =>
    rows?.find(({ item }) => item.id === id)?.grade.score ?? 0
  const change = ({ item }: Scored<Item>) => scoreOf(last?.rows, item.id) - scoreOf(first?.rows, item.id)
  const rows = [...(first?.rows ?? [])].sort((a, b) => change(b) - change(a) || (a.item.id < b.item.id ? -1 : 1))
  // the largest gains, and the smallest one: not only what went well
  const chosen = [...rows.slice(0, shownItems - 1), ...rows.slice(shownItems - 1).slice(-1)]
  return {
    title: 'Brainstorms and outlines',
    lead: 'Dev items on which the students differ most, and last the one with the smallest gain. Marked: statements that the author never made, and ideas that are missing.',
    parts: chosen.map(({ item }) => ({
      kind: 'texts' as const,
      request: item.brainstorm,
      columns: students.flatMap(({ name, rows: all }) => {
        const row = all.find((each) => each.item.id === item.id)
        return row ? [{ head: name, lines: linesOf(row, definition) }] : []
      }),
    })),
  }
}

/** The reply line by line, then the ideas that it does not hold. */
export const linesOf = ({ item, transcript, grade }: Scored<Item>, { contract }: Definition): ReportLine[] => {
  const turns = turnsOf(item, transcript)
  // the grade may have found ideas by their meaning: what it passed whole is not marked
  const whole = (name: string) => {
    const verdict = grade.criteria[name]
    return verdict !== undefined && 'score' in verdict && verdict.score === 1
  }
  const { invented, wrong, ideas, aligned } = readReply(item, turns, contract)
  const marks = whole('faithfulness')
    ? []
    : [
        ...invented.map((each) => ({ ...each, mark: 'invented' })),
        ...wrong.map((each) => ({ ...each, mark: 'not said of this' })),
      ]
  const markOf = (line: string) => {
    const words = contentWords(line)
    const mark = marks.find((each) => words.length > 0 && words.every((word) => each.words.has(word)))?.mark
    return mark ? { text: line, mark } : { text: line }
  }
  const said = turns.last.slice(0, longest).split('\n').map(markOf)
  const missing = ideas
    .filter((_, at) => !aligned.covered.has(at) && !whole('coverage'))
    .map(({ subject, claims }) => ({ text: `the ${subject} ${claims.join(', and it ')}`, mark: 'missing' }))
  return [...(turns.last.trim() === '' ? [{ text: '(nothing)' }] : said), ...missing]
}

const voices = (students: Students, definition: Definition): ReportSection => {
  const { voice } = definition
  const map = voiceMapOf([voice.author, ...voice.others], voice.scale)
  const places = ({ name, rows }: ReportedStudent<Item>) => ({
    name,
    strong: true,
    points: rows
      .map(({ item, transcript }) => countsOf(turnsOf(item, transcript).last))
      .filter(({ words }) => words > 24)
      .map(map.place),
  })
  const share = (value: number | undefined) => (value === undefined ? 'no data' : `${Math.round(100 * value)} %`)
  const measured = students.map(({ name, rows }) => ({ name, of: pooled(rows, definition) }))
  return {
    title: `The voice of ${voice.author.name}`,
    lead: [
      'Measured by function words and marks over all dev replies; neither target nor gate. A gold outline that is constructed carries no voice, so none is taught without a teacher.',
      ...voice.notes,
    ].join(' '),
    parts: [
      {
        kind: 'table',
        head: [
          'student',
          'replies',
          'nearer to the author than to any other',
          'distance to the author',
          'to the nearest other',
        ],
        rows: measured.map(({ name, of }) => [
          name,
          of['voice-nearest']?.n ?? 0,
          share(of['voice-nearest']?.value),
          of['voice-distance']?.value.toFixed(2) ?? 'no data',
          of['voice-distance-others']?.value.toFixed(2) ?? 'no data',
        ]),
      },
      {
        kind: 'scatter',
        title: `${voice.author.name}, other authors and the students`,
        groups: [...map.groups, ...students.map(places)],
      },
    ],
  }
}
