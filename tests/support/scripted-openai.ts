/** A loopback OpenAI-compatible server that answers as a test says. */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AssistantTurn } from '../../src/core/contract.ts'

export type ScriptedAnswer =
  | AssistantTurn // a proper chat completion
  | { readonly body: string; readonly status?: number; readonly headers?: Record<string, string> } // exactly this
  | { readonly megabytes: number } // a completion whose content is that long
  | 'never' // the request stays open
  | 'hang-up' // the socket is closed without an answer

export interface ScriptedRequest {
  readonly model: string
  readonly messages: { role: string; content: string; tool_calls?: unknown; tool_call_id?: string }[]
  readonly tools?: unknown[]
  readonly authorization?: string
  readonly [field: string]: unknown
}

export interface ScriptedOpenAi {
  readonly url: string
  readonly requests: readonly ScriptedRequest[] // chat completions only, retries too
  close(): Promise<void>
}

/** @param answer called for every chat completion; `number` counts them from 1. Lists one model, `scripted`; /health is ok. */
export const startScriptedOpenAi = async (
  answer: (request: ScriptedRequest, number: number) => ScriptedAnswer | Promise<ScriptedAnswer>,
): Promise<ScriptedOpenAi> => {
  const requests: ScriptedRequest[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    if (request.url === '/health') return void response.end('{"status":"ok"}')
    if (request.url?.endsWith('/models')) return void json(response, { data: [{ id: 'scripted' }] })
    const asked = { ...JSON.parse(Buffer.concat(chunks).toString()), authorization: request.headers.authorization }
    requests.push(asked)
    await give(response, await answer(asked, requests.length))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

const give = async (response: ServerResponse, answer: ScriptedAnswer): Promise<void> => {
  if (answer === 'never') return
  if (answer === 'hang-up') return void response.destroy()
  if ('megabytes' in answer) {
    const content = 'a'.repeat(answer.megabytes << 20)
    return json(response, completion({ role: 'assistant', content }))
  }
  if ('body' in answer) {
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers })
    return void response.end(answer.body)
  }
  json(response, completion(answer))
}

const json = (response: ServerResponse, value: unknown): void => {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(value))
}

const completion = ({ content, toolCalls }: AssistantTurn) => ({
  id: 'scripted',
  object: 'chat.completion',
  choices: [
    {
      index: 0,
      finish_reason: toolCalls ? 'tool_calls' : 'stop',
      message: {
        role: 'assistant',
        content,
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
  usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
})
