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

/** A sound hypothesis: the value of `dimension` that fails most, with all its evidence. */
export const soundSpec = (request: ScriptedRequest, { dimension = 'kind', criterion = 'right' } = {}) => {
  const failing = failingIn(request).filter(({ criteria }) => criteria.includes(criterion))
  const byValue = new Map<string, Failing[]>()
  for (const item of failing)
    for (const value of item.tags[dimension] ?? []) byValue.set(value, [...(byValue.get(value) ?? []), item])
  const [value, items] = [...byValue].sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1))[0]!
  const { rows, perTag } = limitsIn(request)
  return {
    hypotheses: [
      {
        where: [{ dimension, value }],
        criterion,
        evidence: items.slice(0, 50).map(({ id }) => id),
        rows: Math.min(rows, perTag),
        difficulty: null as null | 1 | 2 | 3,
        mistakes: [] as string[],
        stage: 'sft',
        points: 0.3,
        probability: 0.7,
        refutedBy: 'no rise on dev',
        note: 'it fails most',
      },
    ],
  }
}
