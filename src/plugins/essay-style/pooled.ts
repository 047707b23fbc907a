import type { Pooled, Scored } from '../../skill.ts'
import type { Definition } from './definition.ts'
import type { Item } from './item.ts'
import { turnsOf } from './turns.ts'
import { countsOf, sumOf } from './voice/counts.ts'
import { cosineDistance, zOf } from './voice/distance.ts'

/** Shorter replies have no voice to speak of. */
const fewestWords = 25

/**
 * The voice of all replies: the share of them that is nearer to the author than to any other one, and how far all of them
 * together lie from the author and from the nearest other one. Distances are 0 (alike) to 2.
 */
export const pooled = (rows: readonly Scored<Item>[], { voice }: Definition): Readonly<Record<string, Pooled>> => {
  const replies = rows
    .map(({ item, transcript }) => countsOf(turnsOf(item, transcript).last))
    .filter(({ words }) => words >= fewestWords)
  const n = replies.length
  if (n === 0) return {}
  const profiles = [voice.author, ...voice.others].map(({ pieces }) => zOf(sumOf(pieces), voice.scale))
  const distances = (counts: ReturnType<typeof countsOf>) => {
    const z = zOf(counts, voice.scale)
    return profiles.map((profile) => cosineDistance(z, profile))
  }
  const nearest = replies.map((reply) => {
    const [own = 2, ...others] = distances(reply)
    return own < Math.min(2, ...others)
  })
  const [own = 2, ...others] = distances(sumOf(replies))
  return {
    'voice-nearest': { value: nearest.filter(Boolean).length / n, n },
    'voice-distance': { value: own, n },
    'voice-distance-others': { value: Math.min(...others), n },
  }
}
