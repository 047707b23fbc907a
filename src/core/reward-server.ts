/** Episodes over HTTP for a trainer: it opens them, plays turns, has them graded and closes them. Loopback only, with a run's token. */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { z } from 'zod'
import type { AnySkill, AssistantTurn, Environment, ItemBase, Message, Opening } from './contract.ts'
import { executeAll } from './episode.ts'
import { messageOf } from './errors.ts'
import { fromText } from './openai-form.ts'

export interface RewardServer {
  readonly url: string
  readonly token: string
  close(): Promise<void>
}

export interface RewardServerOptions {
  readonly plugin: AnySkill
  readonly definition: unknown
  readonly items: readonly ItemBase[] // those that may be opened, by id
  readonly scratch: string // a folder for the environments
  readonly signal: AbortSignal
  readonly timeoutMs?: number // of one request; 120 s unless told
}

/** One line of a grade, as the trainer gets it. */
export interface Reward {
  readonly episode: string
  readonly reward: number | null // null: infrastructure failed, nothing is learned from it
  readonly criteria: Readonly<Record<string, number | null>> // null: does not apply
  readonly ending: string // the last call's name, or `text`: a student that always ends alike has stopped to look
}

const largestBody = 8 << 20 // bytes
const mostOpen = 512 // episodes

const ids = z.array(z.string()).min(1).max(mostOpen)
const requests = {
  open: z.strictObject({ items: ids }),
  call: z.strictObject({ turns: z.array(z.strictObject({ episode: z.string(), text: z.string() })).max(mostOpen) }),
  grade: z.strictObject({ episodes: ids }),
  close: z.strictObject({ episodes: ids }),
}

/** Starts on a free port. What is open when it is closed is closed too. */
export const startRewardServer = async (options: RewardServerOptions): Promise<RewardServer> => {
  const episodes = new Episodes(options)
  const token = randomBytes(24).toString('hex')
  const server = createServer((request, response) => {
    answer(request, response, token, episodes).catch((error: unknown) =>
      reply(response, 500, { error: { message: messageOf(error) } }),
    )
  })
  server.requestTimeout = options.timeoutMs ?? 120_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const close = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeAllConnections()
    await closed
    await episodes.closeAll()
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token, close }
}

const answer = async (request: IncomingMessage, response: ServerResponse, token: string, episodes: Episodes) => {
  if (!isAllowed(request.headers.authorization, token))
    return reply(response, 401, { error: { message: 'wrong token' } })
  const name = request.url?.slice(1) ?? ''
  if (request.method === 'GET' && name === 'health') return reply(response, 200, { open: episodes.count })
  if (request.method !== 'POST' || !Object.hasOwn(requests, name))
    return reply(response, 404, { error: { message: 'open, call, grade or close' } })
  const body = await bodyOf(request)
  const parsed = requests[name as keyof typeof requests].safeParse(body)
  if (!parsed.success) return reply(response, 400, { error: { message: z.prettifyError(parsed.error) } })
  reply(response, 200, await episodes[name as keyof typeof requests](parsed.data as never))
}

const isAllowed = (header: string | undefined, token: string): boolean => {
  const [given, wanted] = [Buffer.from(header ?? ''), Buffer.from(`Bearer ${token}`)]
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size > largestBody) return undefined
    chunks.push(chunk as Buffer)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    return undefined
  }
}

const reply = (response: ServerResponse, status: number, body: unknown): void => {
  if (response.writableEnded) return
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

interface Open {
  readonly item: ItemBase
  readonly opening: Opening
  readonly transcript: Message[]
  readonly environment: Environment | undefined
  readonly folder: number
  steps: number
  over: boolean
  broken: boolean // the environment failed, not the student
}

class Episodes {
  private readonly open_ = new Map<string, Open>()
  private readonly items: ReadonlyMap<string, ItemBase>
  private readonly folders: number[] = [] // that are free again
  private made = 0

  constructor(private readonly options: RewardServerOptions) {
    this.items = new Map(options.items.map((item) => [item.id, item]))
  }

  get count(): number {
    return this.open_.size
  }

  async open({ items }: z.output<typeof requests.open>) {
    if (this.count + items.length > mostOpen) throw new Error(`more than ${mostOpen} episodes are open`)
    return { episodes: await Promise.all(items.map((id) => this.begin(id))) }
  }

  private async begin(id: string) {
    const item = this.items.get(id)
    if (!item) throw new Error(`there is no item ${id}`)
    const { plugin, definition, signal, scratch } = this.options
    const opening = plugin.begin(item, definition)
    this.made += 1
    const episode = `e${this.made}` // before anything is waited for: many are opened at once
    const folder = this.folders.pop() ?? this.made
    const place = path.join(scratch, `episode-${folder}`)
    mkdirSync(place, { recursive: true })
    const environment = await plugin.environment?.(item, definition, { signal, scratch: place })
    const transcript = [...opening.messages]
    this.open_.set(episode, { item, opening, transcript, environment, folder, steps: 0, over: false, broken: false })
    return { episode, messages: opening.messages, tools: opening.tools, maxSteps: opening.maxSteps }
  }

  async call({ turns }: z.output<typeof requests.call>) {
    return { results: await Promise.all(turns.map(({ episode, text }) => this.play(episode, text))) }
  }

  /** One turn in the student's own words: calls are read out of them and really executed. */
  private async play(id: string, text: string) {
    const episode = this.find(id)
    const turn: AssistantTurn = fromText(text, episode.transcript.length)
    const before = episode.transcript.push(turn)
    episode.steps += 1
    try {
      episode.over = await this.goOn(episode, turn)
    } catch (error) {
      this.options.signal.throwIfAborted()
      episode.over = true
      episode.broken = true
      return { episode: id, messages: [], over: true, error: messageOf(error) }
    }
    episode.over ||= episode.steps >= episode.opening.maxSteps
    return { episode: id, messages: episode.transcript.slice(before), over: episode.over }
  }

  private async goOn({ environment, transcript, item }: Open, turn: AssistantTurn): Promise<boolean> {
    const { plugin, definition, signal } = this.options
    const calls = turn.toolCalls ?? []
    if (calls.length > 0) return environment ? executeAll(environment, calls, transcript, signal) : true
    const user = plugin.respond?.(item, transcript, definition)
    if (user) transcript.push(user)
    return user === undefined
  }

  async grade({ episodes }: z.output<typeof requests.grade>) {
    return { grades: await Promise.all(episodes.map((id) => this.judge(id))) }
  }

  private async judge(id: string): Promise<Reward> {
    const { item, transcript, environment, broken } = this.find(id)
    const { plugin, definition, signal } = this.options
    const ending = endingOf(transcript)
    if (broken) return { episode: id, reward: null, criteria: {}, ending }
    const grade = await plugin.grade(item, transcript, definition, { signal, endState: await environment?.endState() })
    const criteria = Object.entries(grade.criteria).map(([name, verdict]) => [
      name,
      'score' in verdict ? verdict.score : null,
    ])
    return { episode: id, reward: grade.score, criteria: Object.fromEntries(criteria), ending }
  }

  async close({ episodes }: z.output<typeof requests.close>) {
    for (const id of episodes) {
      const episode = this.open_.get(id)
      if (!episode) continue
      this.open_.delete(id)
      this.folders.push(episode.folder)
      await episode.environment?.close()
    }
    return {}
  }

  async closeAll(): Promise<void> {
    if (this.count > 0) await this.close({ episodes: [...this.open_.keys()] })
  }

  private find(id: string): Open {
    const episode = this.open_.get(id)
    if (!episode) throw new Error(`there is no open episode ${id}`)
    return episode
  }
}

const endingOf = (transcript: readonly Message[]): string => {
  const turn = transcript.findLast((message) => message.role === 'assistant')
  return (turn?.role === 'assistant' && turn.toolCalls?.at(-1)?.name.slice(0, 60)) || 'text'
}
