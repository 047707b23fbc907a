/**
 * A loopback OpenAI-compatible server that answers as a test says, well or badly. Streams where the request asks for it.
 * `answers` has the usual misbehaviours ready-made.
 */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AssistantTurn } from '../../src/core/contract.ts'

export type ScriptedAnswer =
  | (AssistantTurn & Partial<Extras>) // a proper chat completion
  | { readonly body: string; readonly status?: number; readonly headers?: Record<string, string> } // exactly this
  | { readonly megabytes: number } // a completion whose content is that long
  | { readonly cutAfter: string } // this much of an answer, then the socket closes
  | 'endless' // a body without an end
  | 'never' // the request stays open
  | 'hang-up' // the socket is closed without an answer

interface Extras {
  readonly finish: string // finish_reason
  readonly refusal: string
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number } | null // null: the server does not count
}

export interface ScriptedRequest {
  readonly model: string
  readonly messages: { role: string; content: string; tool_calls?: unknown; tool_call_id?: string }[]
  readonly tools?: { function: { name: string } }[]
  readonly response_format?: { json_schema: { schema: Record<string, unknown> } }
  readonly authorization?: string
  readonly path?: string
  readonly [field: string]: unknown
}

/** What was asked last. */
export const lastOf = ({ messages }: ScriptedRequest): string => messages.at(-1)!.content

export interface ScriptedOpenAi {
  readonly url: string
  readonly requests: readonly ScriptedRequest[] // chat completions only, retries too
  readonly mostAtOnce: number // requests that were open together
  close(): Promise<void>
}

/** Ready-made answers: proper ones, and what real endpoints do wrong. */
export const answers = {
  says: (content: string): ScriptedAnswer => ({ role: 'assistant', content }),
  json: (value: unknown): ScriptedAnswer => ({ role: 'assistant', content: JSON.stringify(value) }),
  calls: (name: string, given: unknown): ScriptedAnswer => ({
    role: 'assistant',
    content: '',
    toolCalls: [{ id: 'call_1', name, arguments: given }],
  }),
  /** The value within thoughts, prose and a fence. */
  wrapped: (value: unknown): ScriptedAnswer => ({
    role: 'assistant',
    content: `<think>{"not": "this"}</think>Sure! Here it is:\n\`\`\`json\n${JSON.stringify(value, undefined, 2)}\n\`\`\`\nAnything else?`,
  }),
  refusal: { role: 'assistant', content: '', refusal: 'I cannot help with that.' } as ScriptedAnswer,
  failing: (status: number, message = 'no', headers: Record<string, string> = {}): ScriptedAnswer => ({
    status,
    headers,
    body: JSON.stringify({ error: { message, code: status } }),
  }),
  html: {
    status: 200,
    headers: { 'content-type': 'text/html' },
    body: '<html><body>Welcome to nginx!</body></html>',
  } as ScriptedAnswer,
}

/** @param answer called for every chat completion; `number` counts them from 1. Lists one model, `scripted`; /health is ok. */
export const startScriptedOpenAi = async (
  answer: (request: ScriptedRequest, number: number) => ScriptedAnswer | Promise<ScriptedAnswer>,
): Promise<ScriptedOpenAi> => {
  const requests: ScriptedRequest[] = []
  let [open, mostAtOnce] = [0, 0]
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    if (request.url === '/health') return void response.end('{"status":"ok"}')
    if (request.url?.endsWith('/models')) return void json(response, { data: [{ id: 'scripted' }] })
    const { authorization } = request.headers
    const asked = { ...JSON.parse(Buffer.concat(chunks).toString()), authorization, path: request.url }
    requests.push(asked)
    open += 1
    mostAtOnce = Math.max(mostAtOnce, open)
    response.on('close', () => {
      open -= 1
    })
    try {
      await give(response, await answer(asked, requests.length), Boolean(asked.stream))
    } catch (error) {
      // a fault of the script must not leave its client waiting: 418 is tried again by nobody
      await give(response, answers.failing(418, `the script of the server failed: ${error}`), false)
    }
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get mostAtOnce() {
      return mostAtOnce
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

const give = async (response: ServerResponse, answer: ScriptedAnswer, streams: boolean): Promise<void> => {
  if (answer === 'never') return
  if (answer === 'hang-up') return void response.destroy()
  if (answer === 'endless') return endless(response)
  if ('megabytes' in answer) {
    const content = 'a'.repeat(answer.megabytes << 20)
    return json(response, completion({ role: 'assistant', content }))
  }
  if ('cutAfter' in answer) {
    response.writeHead(200, { 'content-type': streams ? 'text/event-stream' : 'application/json' })
    return void response.write(answer.cutAfter, () => response.destroy())
  }
  if ('body' in answer) {
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers })
    return void response.end(answer.body)
  }
  if (streams) return stream(response, answer)
  json(response, completion(answer))
}

const endless = (response: ServerResponse): void => {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.write('{"choices":[{"message":{"role":"assistant","content":"')
  const more = () => {
    while (!response.destroyed && response.write('ha'.repeat(8192)));
    if (!response.destroyed) response.once('drain', more)
  }
  more()
}

const json = (response: ServerResponse, value: unknown): void => {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(value))
}

/** The turn word by word, then its calls, then the count. */
const stream = (response: ServerResponse, turn: AssistantTurn & Partial<Extras>): void => {
  const whole = completion(turn)
  const message = whole.choices[0]!.message
  const event = (value: unknown) => response.write(`data: ${JSON.stringify(value)}\n\n`)
  const chunk = (delta: unknown, finish: string | null = null) =>
    event({
      id: whole.id,
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta, finish_reason: finish }],
    })
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  chunk({ role: 'assistant', content: '' })
  for (const word of message.content.match(/\s*\S+\s*$|\s*\S+/g) ?? []) chunk({ content: word })
  if (message.tool_calls) chunk({ tool_calls: message.tool_calls.map((call, index) => ({ index, ...call })) })
  chunk({}, whole.choices[0]!.finish_reason)
  if (whole.usage) event({ id: whole.id, object: 'chat.completion.chunk', choices: [], usage: whole.usage })
  response.end('data: [DONE]\n\n')
}

let made = 0
const completion = ({ content, toolCalls, finish, refusal, usage }: AssistantTurn & Partial<Extras>) => ({
  id: `scripted-${made++}`, // LangChain takes two messages of one id for one
  object: 'chat.completion',
  choices: [
    {
      index: 0,
      finish_reason: finish ?? (toolCalls ? 'tool_calls' : 'stop'),
      message: {
        role: 'assistant',
        content,
        ...(refusal && { refusal }),
        ...(toolCalls && {
          tool_calls: toolCalls.map(({ id, name, arguments: given }) => ({
            id,
            type: 'function',
            function: { name, arguments: typeof given === 'string' ? given : JSON.stringify(given) },
          })),
        }),
      },
    },
  ],
  ...(usage !== null && { usage: usage ?? { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 } }),
})
