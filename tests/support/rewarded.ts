import type { AssistantTurn, Message, Transcript } from '../../src/core/contract.ts'

export interface RewardedEpisode {
  readonly reward: number | null
  readonly criteria: Readonly<Record<string, number | null>>
  readonly ending: string
}

/** A turn in the words in which a student says it. */
const spoken = ({ content, toolCalls = [] }: AssistantTurn): string =>
  [content, ...toolCalls.map(({ name, arguments: given }) => `<tool_call>\n${JSON.stringify({ name, arguments: given })}\n</tool_call>`)].filter(Boolean).join('\n') // biome-ignore format: one line

/** Does what a trainer does: opens an episode for each item, says the turns that `next` gives, has all graded and closes them. */
export const playRewarded = async (
  { url, token }: { readonly url: string; readonly token: string },
  items: readonly string[],
  next: (soFar: Transcript, item: string) => AssistantTurn,
): Promise<RewardedEpisode[]> => {
  const post = async <T>(name: string, body: unknown): Promise<T> => {
    const headers = { authorization: `Bearer ${token}` }
    const answered = await fetch(`${url}/${name}`, { method: 'POST', body: JSON.stringify(body), headers })
    if (!answered.ok) throw new Error(await answered.text())
    return (await answered.json()) as T
  }
  const { episodes } = await post<{ episodes: { episode: string; messages: Message[] }[] }>('open', { items })
  for (const [at, { episode, messages }] of episodes.entries()) {
    for (let over = false; !over; ) {
      const turn = next(messages, items[at]!)
      const { results } = await post<{ results: { messages: Message[]; over: boolean }[] }>('call', {
        turns: [{ episode, text: spoken(turn) }],
      })
      // the server gives calls ids of its own
      const toolCalls = turn.toolCalls?.map((call, n) => ({ ...call, id: `call_${messages.length}_${n}` }))
      messages.push({ ...turn, ...(toolCalls && { toolCalls }) }, ...results[0]!.messages)
      over = results[0]!.over
    }
  }
  const named = { episodes: episodes.map(({ episode }) => episode) }
  const { grades } = await post<{ grades: RewardedEpisode[] }>('grade', named)
  await post('close', named)
  return grades
}
