import type {
  AnySkill,
  AssistantTurn,
  Environment,
  ItemBase,
  Message,
  Opening,
  ToolCall,
  ToolSchema,
  Transcript,
} from './contract.ts'
import { isWhetError } from './errors.ts'
import type { Reply, Student } from './student.ts'

export interface Episode {
  readonly transcript: Transcript
  readonly tools: readonly ToolSchema[]
  readonly endState?: unknown // absent where nothing was executed
  readonly ms: number // the student's time only, all its turns
  readonly tokens: { readonly prompt: number; readonly completion: number }
}

export interface EpisodeOptions {
  readonly plugin: AnySkill
  readonly definition: unknown
  readonly signal: AbortSignal
  readonly scratch?: string // a folder of this worker; without one nothing is executed
  /** Turns that were played before, the opening included: their calls are executed again, then the play goes on. */
  readonly from?: Transcript
}

/** A tool's answer longer than this many characters is cut: one huge result must not fill the student's context. */
const maxResultCharacters = 20_000

type NextTurn = (soFar: Transcript, opening: Opening) => Promise<Reply | undefined>

/** Plays the ideal transcript against the real environment: what SFT learns and what every grader must pass. */
export const playGold = (item: ItemBase, options: EpisodeOptions): Promise<Episode> =>
  play(item, options, async (soFar) => {
    const turn: AssistantTurn | undefined = options.plugin.gold(item, soFar, options.definition)
    return turn && { turn, ...nothing }
  })

/** Plays one episode with a student. `maxTokens` caps each reply; the seed belongs to the item, not to the order of play. */
export const playStudent = (
  item: ItemBase,
  student: Student,
  options: EpisodeOptions & {
    readonly maxTokens: number
    readonly seed: number
    readonly temperature?: number
    readonly slot?: number
  },
): Promise<Episode> =>
  play(item, options, async (soFar, opening) => {
    const { signal, maxTokens, seed, temperature, slot } = options
    const sampled = { ...(temperature !== undefined && { temperature }), ...(slot !== undefined && { slot }) }
    const asked = { signal, maxTokens, seed, ...sampled }
    return student.reply(soFar, opening.tools, asked).catch((error: unknown) => {
      // a conversation that outgrows the context is the student's own doing; a request that never fitted is not
      if (soFar.length > opening.messages.length && isWhetError(error) && error.code === 'student-context')
        return undefined
      throw error
    })
  })

const play = async (item: ItemBase, options: EpisodeOptions, next: NextTurn): Promise<Episode> => {
  const { plugin, definition, signal, scratch } = options
  const opening: Opening = plugin.begin(item, definition)
  const environment: Environment | undefined =
    scratch === undefined ? undefined : await plugin.environment?.(item, definition, { signal, scratch })
  try {
    const played = await turns(item, options, opening, environment, next)
    return { ...played, tools: opening.tools, endState: await environment?.endState() }
  } finally {
    await environment?.close()
  }
}

const turns = async (
  item: ItemBase,
  { plugin, definition, signal, from = [] }: EpisodeOptions,
  opening: Opening,
  environment: Environment | undefined,
  next: NextTurn,
) => {
  const transcript: Message[] = [...opening.messages]
  const tokens = { prompt: 0, completion: 0 }
  let ms = 0
  const before = from.slice(opening.messages.length).filter((message) => message.role === 'assistant')
  for (let step = 0; step < opening.maxSteps; step += 1) {
    signal.throwIfAborted()
    const played = before[step]
    const reply = played ? { turn: played, ...nothing } : await next(transcript, opening)
    if (!reply) break
    transcript.push(reply.turn)
    ms += reply.ms
    tokens.prompt += reply.tokens.prompt
    tokens.completion += reply.tokens.completion
    const calls = reply.turn.toolCalls ?? []
    if (calls.length > 0) {
      if (!environment) break
      if (await executeAll(environment, calls, transcript, signal)) break
      continue
    }
    const user = plugin.respond?.(item, transcript, definition)
    if (!user) break
    transcript.push(user)
  }
  return { transcript, tokens, ms }
}

const nothing = { ms: 0, tokens: { prompt: 0, completion: 0 } }

/** Appends the results of a turn's calls. @returns whether one of them was the episode's last word */
export const executeAll = async (
  environment: Environment,
  calls: readonly ToolCall[],
  transcript: Message[],
  signal: AbortSignal,
): Promise<boolean> => {
  let over = false
  for (const call of calls) {
    const { content, isError, ends } = await environment.call(call, signal)
    transcript.push({ role: 'tool', toolCallId: call.id, content: content.slice(0, maxResultCharacters), isError })
    over ||= ends ?? false
  }
  return over
}
