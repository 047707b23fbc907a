import { z } from 'zod'
import { isWhetError } from '../errors.ts'
import { readAnswer } from './answer.ts'
import { saidIn, usageIn } from './completion.ts'
import { formOf } from './form.ts'
import { bodyFor, type Way } from './role.ts'
import type { Scope, Transport } from './transport.ts'

/** What a model at an endpoint can do: found out by asking, not by its name. */
export interface Capabilities {
  readonly way: Way // how it is asked for a typed answer from now on
  readonly jsonSchema: boolean // it keeps to response_format json_schema, without being told in words
  readonly toolCalls: boolean
  readonly plainJson: boolean
  readonly usage: boolean // it counts tokens
  readonly seed: boolean // it takes one
  readonly ms: number // of the first answer
}

const Word = z.strictObject({ word: z.enum(['whetstone']) })
/** Nothing in it asks for JSON: only a server that holds the model to the schema answers with it. */
const greeting = [{ role: 'user', content: 'Say hello in one short sentence.' }]
const asked = [{ role: 'user', content: 'Give the answer with the word "whetstone" in its field `word`.' }]

/**
 * Three short calls, past the kept answers. The first also shows what is wrong with key, model or address.
 * @throws WhetError as `attempt`
 */
export const probe = async (transport: Transport, scope: Scope): Promise<Capabilities> => {
  const started = performance.now()
  const plain = await ask('plain', asked, transport, scope)
  const ms = performance.now() - started
  if (plain.error && plain.error.code !== 'llm-request-refused') throw plain.error
  const schema = await ask('json-schema', greeting, transport, scope)
  const tool = await ask('tool-call', asked, transport, scope)
  const seed = plain.body === undefined ? await ask('plain', asked, transport, scope, {}) : plain
  return {
    way: schema.fits ? 'json-schema' : tool.fits && tool.called ? 'tool-call' : 'plain',
    jsonSchema: schema.fits,
    toolCalls: tool.fits && tool.called,
    plainJson: plain.fits || seed.fits,
    usage: usageIn(seed.body ?? schema.body ?? '') !== undefined,
    seed: plain.body !== undefined,
    ms,
  }
}

const ask = async (
  way: Way,
  messages: readonly unknown[],
  transport: Transport,
  scope: Scope,
  options: { seed?: number } = way === 'plain' ? { seed: 1 } : {},
) => {
  try {
    const body = bodyFor(way, messages, formOf(Word), { ...options, maxTokens: 200 }, transport)
    const answer = await transport.ask(body, scope, { fresh: true })
    const said = saidIn(answer.body)
    const fits = 'value' in readAnswer(said?.call ?? said?.text ?? '', Word)
    return { body: answer.body, fits, called: said?.call !== undefined }
  } catch (error) {
    if (!isWhetError(error)) throw error
    return { error, fits: false, called: false }
  }
}

/** For people: what `whet doctor` shows. */
export const capabilitiesText = (found: Capabilities): string => {
  const yes = (what: string, has: boolean) => `${has ? '' : 'no '}${what}`
  return [
    `answers in ${Math.round(found.ms)} ms`,
    {
      'json-schema': 'typed answers by json_schema',
      'tool-call': 'typed answers by tool call',
      plain: 'typed answers by plain JSON and repair',
    }[found.way],
    yes('tool calls', found.toolCalls),
    yes('token counts', found.usage),
    yes('seed', found.seed),
  ].join(', ')
}
