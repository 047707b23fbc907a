import { position } from '../../skill.ts'
import { type Family, type FamilyCall, family, type Phrases } from './family.ts'
import type { Pack } from './pack-schema.ts'

/**
 * Requests for two calls, made of two direct requests of the same split: any two tools meet in them, where hand-written
 * ones know few pairs. Each direct request comes first in two of them.
 */
export const joined = (base: Phrases, direct: readonly Family[]): Family[] => {
  const parts = direct.filter(joins)
  return parts.flatMap((first) => {
    const others = parts.filter(({ id, splits }) => id !== first.id && splits[0] === first.splits[0])
    return [1, 2].flatMap((time) => {
      const second = pick(others, `join:${first.id}:${time}`)
      const { say, order } = pick(base.content.join, `join with:${first.id}:${time}`) ?? {}
      return second && say && order ? [join(base, first, second, { say, order })] : []
    })
  })
}

/** The same one for the same key, in every run. */
const pick = <T>(from: readonly T[], key: string): T | undefined => from[Math.floor(position(key) * from.length)]

const join = (base: Phrases, first: Family, second: Family, { say, order }: Pack['join'][number]): Family => {
  const calls = [prefixed(first, 'a.'), prefixed(second, 'b.')]
  const both = say
    .replace('{first}', () => withoutStop(spoken(first, 'a.')))
    .replace('{second}', () => inMidSentence(spoken(second, 'b.')))
  const made = family(base, {
    kind: 'several',
    say: both,
    slots: { ...slotsWith(first, 'a.'), ...slotsWith(second, 'b.') },
    tags: { tool: [...new Set(calls.map(({ tools }) => tools[0] ?? ''))], order: [order] },
    calls,
    order,
    replies: [],
  })
  return { ...made, splits: first.splits, joined: true }
}

/**
 * A plain order that can stand beside another one. A colon opens a text without an end, a question cannot be gone on
 * with, and an option would make the reply long.
 */
const joins = ({ say, tags }: Family): boolean =>
  tags.style?.[0] === 'direct' && tags.options?.[0] === 'none' && /^[A-Z][a-z]/.test(say) && !/[:?;]|\. /.test(say)

/** The template with its slots under the call's letter. */
const spoken = ({ say }: Family, prefix: string): string =>
  say.replaceAll(/\{(\w+)\}/g, (_, slot) => `{${prefix}${slot}}`)

const withoutStop = (text: string): string => text.replace(/[.!]$/, '')
const inMidSentence = (text: string): string => (/^I\b/.test(text) ? text : text[0]?.toLowerCase() + text.slice(1))

const prefixed = ({ calls: [call] }: Family, prefix: string): FamilyCall => ({ ...(call as FamilyCall), prefix })

const slotsWith = ({ draws }: Family, prefix: string): Record<string, string> =>
  Object.fromEntries(draws.map(({ slot, value }) => [`${prefix}${slot}`, value]))
