import { type Author, sampleScale } from './authors.ts'
import { type Counts, sumOf } from './counts.ts'
import { type Scale, zOf } from './distance.ts'

/** Points of one hand on the voice map. */
export interface MapGroup {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

/** Where texts lie on the two directions in which the authors differ most. */
export interface VoiceMap {
  place(text: Counts): readonly [x: number, y: number]
  readonly groups: readonly MapGroup[] // one an author, a point a piece
}

export const voiceMap = async (authors: readonly Author[]): Promise<VoiceMap> =>
  voiceMapOf(
    authors.map(({ name, counts }) => ({ name, pieces: counts })),
    await sampleScale(),
  )

interface Hand {
  readonly name: string
  readonly pieces: readonly Counts[]
}

/** The first two principal components of the authors' means: within an author all directions count alike. */
export const voiceMapOf = (hands: readonly Hand[], scale: Scale): VoiceMap => {
  const means = hands.map(({ pieces }) => unit(zOf(sumOf(pieces), scale)))
  const centre = means[0]?.map((_, at) => means.reduce((sum, row) => sum + row[at]!, 0) / means.length) ?? []
  const rows = means.map((row) => minus(row, centre))
  const first = direction(rows)
  const second = direction(rows.map((row) => minus(row, times(first, dot(row, first)))))
  const place = (text: Counts) => {
    const from = minus(unit(zOf(text, scale)), centre)
    return [dot(from, first), dot(from, second)] as const
  }
  return { place, groups: hands.map(({ name, pieces }) => ({ name, points: pieces.map(place) })) }
}

type Vector = readonly number[]
const dot = (a: Vector, b: Vector) => a.reduce((sum, value, at) => sum + value * b[at]!, 0)
const minus = (a: Vector, b: Vector) => a.map((value, at) => value - b[at]!)
const times = (a: Vector, by: number) => a.map((value) => value * by)
const unit = (a: Vector) => times(a, 1 / (Math.sqrt(dot(a, a)) || 1))

/** The direction of the largest spread, by power iteration from the longest row. */
const direction = (rows: readonly Vector[]): Vector => {
  let found = unit([...rows].sort((a, b) => dot(b, b) - dot(a, a))[0] ?? [])
  for (let step = 0; step < 100; step += 1) {
    const next = rows.reduce((sum, row) => sum.map((value, at) => value + dot(row, found) * row[at]!), times(found, 0))
    if (dot(next, next) < 1e-18) return found
    found = unit(next)
  }
  return found
}
