import type { Tags, Transcript, Verdict } from '../../src/core/contract.ts'
import type { EvaluationRow } from '../../src/core/evaluation.ts'

export type Mark = Verdict['status']

export interface RowSketch {
  readonly id?: string
  readonly family?: string
  readonly tags?: Tags
  readonly marks: Readonly<Record<string, Mark>> // by criterion
  readonly failures?: readonly string[]
  readonly transcript?: Transcript
  readonly error?: boolean
}

/** One evaluation row as `eval/<split>.jsonl` holds it. */
export const gradedRow = (sketch: RowSketch): EvaluationRow => ({
  item: { id: sketch.id ?? 'item', family: sketch.family ?? 'family', tags: sketch.tags ?? {} },
  transcript: sketch.transcript ?? [],
  grade: {
    score: 0,
    criteria: Object.fromEntries(Object.entries(sketch.marks).map(([name, mark]) => [name, verdictOf(name, mark)])),
    failures: sketch.failures ?? [],
  },
  ms: 1,
  tokens: { prompt: 1, completion: 1 },
  ...(sketch.error && { error: { code: 'student-timeout', message: 'no answer' } }),
})

const verdictOf = (name: string, mark: Mark): Verdict => {
  if (mark === 'not-applicable') return { status: mark }
  if (mark === 'ungraded') return { status: mark, reason: 'the judge failed' }
  return { status: mark, score: mark === 'pass' ? 1 : mark === 'warn' ? 0.5 : 0, reason: `${name}: ${mark}` }
}

/** `families` × `size` rows with ids and families of their own; `sketch` fills in the rest. */
export const gradedRows = (
  families: number,
  size: number,
  sketch: (family: number, row: number) => RowSketch,
): EvaluationRow[] =>
  Array.from({ length: families * size }, (_, at) => {
    const [family, row] = [Math.floor(at / size), at % size]
    return gradedRow({ id: `i${family}-${row}`, family: `f${family}`, ...sketch(family, row) })
  })
