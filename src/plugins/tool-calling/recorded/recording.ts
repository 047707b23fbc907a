import { z } from 'zod'

const Call = z.object({ id: z.string(), name: z.string(), arguments: z.unknown() })
const Message = z.union([
  z.object({ role: z.literal('system'), content: z.string() }),
  z.object({ role: z.literal('user'), content: z.string() }),
  z.object({ role: z.literal('assistant'), content: z.string(), toolCalls: z.array(Call).optional() }),
  z.object({ role: z.literal('tool'), toolCallId: z.string(), content: z.string(), isError: z.boolean() }),
])

/** A conversation that somebody had: its assistant's turns are the truth, its tools' answers are what happened then. */
export const Recording = z.strictObject({
  id: z.string(),
  family: z.string(),
  tags: z.record(z.string(), z.array(z.string())),
  kind: z.literal('recorded'),
  menu: z.array(z.string()),
  messages: z.array(Message).min(2), // ends with an assistant's turn
})
export type Recording = z.output<typeof Recording>

export const isRecording = (item: { readonly kind: string }): item is Recording => item.kind === 'recorded'

/** Places of the assistant's turns. */
export const turnsOf = ({ messages }: Pick<Recording, 'messages'>): number[] =>
  messages.flatMap(({ role }, at) => (role === 'assistant' ? [at] : []))
