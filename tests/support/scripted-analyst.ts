import type { ScriptedRequest } from './scripted-openai.ts'

interface Failing {
  readonly id: string
  readonly family: string
  readonly tags: Record<string, string[]>
  readonly criteria: string[]
}

/** The failing items that an analyst was told of. */
export const failingIn = ({ messages }: ScriptedRequest): Failing[] => {
  const told = messages.find(({ role }) => role === 'user')!.content
  return JSON.parse(/Failing items, by id, with their tags:\n(.*)\n/.exec(told)![1]!)
}

/** What an analyst may do with the rows, read out of its system prompt. */
export const limitsIn = ({ messages }: ScriptedRequest) => {
  const [, rows, perTag] = /At most (\d+) rows in all, at most (\d+) for one tag/.exec(messages[0]!.content)!
  return { rows: Number(rows), perTag: Number(perTag) }
}

/** Sound hypotheses: the values of `dimension` that fail most, with all their evidence. */
export const soundSpec = (request: ScriptedRequest, { dimension = 'kind', criterion = 'right', most = 1 } = {}) => {
  const failing = failingIn(request).filter(({ criteria }) => criteria.includes(criterion))
  const byValue = new Map<string, Failing[]>()
  for (const item of failing)
    for (const value of item.tags[dimension] ?? []) byValue.set(value, [...(byValue.get(value) ?? []), item])
  const worst = [...byValue].sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1)).slice(0, most)
  const { rows, perTag } = limitsIn(request)
  return {
    hypotheses: worst.map(([value, items]) => ({
      where: [{ dimension, value }],
      criterion,
      evidence: items.slice(0, 50).map(({ id }) => id),
      rows: Math.min(Math.floor(rows / worst.length), perTag),
      difficulty: null as null | 1 | 2 | 3,
      mistakes: [] as string[],
      stage: 'sft',
      points: 0.3,
      probability: 0.7,
      refutedBy: 'no rise on dev',
      note: 'it fails most',
    })),
  }
}
