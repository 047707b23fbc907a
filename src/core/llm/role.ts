import type { ZodType } from 'zod'
import type { RoleName } from '../config-roles.ts'
import type { Llm, Transcript } from '../contract.ts'
import { isWhetError } from '../errors.ts'
import { excerpt } from '../excerpt.ts'
import { toOpenAiMessages } from '../openai-form.ts'
import { readAnswer } from './answer.ts'
import type { Answer } from './answers.ts'
import { saidIn } from './completion.ts'
import { badAnswer, declined, notChat } from './errors.ts'
import { type Form, formOf } from './form.ts'
import type { Scope, Transport } from './transport.ts'

export interface CompleteOptions {
  readonly temperature?: number
  readonly seed?: number // another seed asks for another answer to the same prompt
  readonly maxTokens?: number
}

/** A model in a role: typed answers, repaired where they do not fit. */
export interface RoleLlm extends Llm {
  readonly role: RoleName
  readonly model: string
  /**
   * Asks for an answer of `schema` (an object at its root). An answer that does not fit is sent back with the findings,
   * twice at most.
   * @throws WhetError llm-bad-answer · llm-declined · llm-budget, and all of `attempt`
   */
  complete<T>(prompt: Transcript, schema: ZodType<T>, options?: CompleteOptions): Promise<T>
}

/** How an endpoint is told the form of the answer, the surest first. */
export const ways = ['json-schema', 'tool-call', 'plain'] as const
export type Way = (typeof ways)[number]

/** What is remembered of a model at an endpoint between processes. */
export interface Manner {
  readonly way: Way
}

const repairs = 2
const longestEcho = 4000
const toolName = 'answer'

export const roleLlm = (
  transport: Transport,
  scope: Scope,
  manner: { get(): Way; set(way: Way): Promise<void> },
): RoleLlm => {
  const { role, model } = transport.target
  return {
    role,
    model,
    complete: async (prompt, schema, options = {}) => {
      const form = formOf(schema)
      let messages: unknown[] = toOpenAiMessages(prompt)
      let findings: readonly string[] = []
      for (let turn = 0; turn <= repairs; turn += 1) {
        const answer = await askInSomeWay(messages, form, options, { transport, scope, manner })
        const text = textOf(answer, transport)
        const read = readAnswer(text.said, schema)
        if ('value' in read) return read.value
        findings = text.cut ? ['the answer was cut off: give a shorter one'] : read.findings
        messages = [...messages, ...sentBack(text.said, findings, form)]
      }
      throw badAnswer(transport.target, repairs + 1, findings)
    },
  }
}

interface Asker {
  readonly transport: Transport
  readonly scope: Scope
  readonly manner: { get(): Way; set(way: Way): Promise<void> }
}

/** In the way that is known to work; the next one where the endpoint refuses the request, and that is remembered. */
const askInSomeWay = async (
  messages: readonly unknown[],
  form: Form,
  options: CompleteOptions,
  { transport, scope, manner }: Asker,
): Promise<Answer> => {
  for (let way = manner.get(); ; ) {
    try {
      const answer = await transport.ask(bodyFor(way, messages, form, options, transport), scope)
      if (way !== manner.get()) await manner.set(way)
      return answer
    } catch (error) {
      const next = ways[ways.indexOf(way) + 1]
      if (!next || !isWhetError(error) || error.code !== 'llm-request-refused') throw error
      way = next
    }
  }
}

export const bodyFor = (
  way: Way,
  messages: readonly unknown[],
  form: Form,
  { temperature, seed, maxTokens }: CompleteOptions,
  { options: { settings }, target }: Pick<Transport, 'options' | 'target'>,
): Record<string, unknown> => ({
  messages: way === 'plain' ? [...messages, { role: 'system', content: inWords(form) }] : messages,
  temperature: temperature ?? settings.temperature,
  ...(seed !== undefined && { seed }),
  // OpenAI's newer models refuse the older name
  [/^(o\d|gpt-5)/.test(target.model) ? 'max_completion_tokens' : 'max_tokens']: maxTokens ?? settings.maxTokens,
  ...(way === 'json-schema' && {
    response_format: { type: 'json_schema', json_schema: { name: toolName, schema: form.schema, strict: form.strict } },
  }),
  ...(way === 'tool-call' && {
    tools: [
      { type: 'function', function: { name: toolName, description: 'Gives the answer.', parameters: form.schema } },
    ],
    tool_choice: { type: 'function', function: { name: toolName } },
  }),
})

const inWords = ({ schema }: Form): string =>
  `Answer with one JSON object and nothing else. It must fit this JSON Schema:\n${JSON.stringify(schema)}`

const textOf = ({ body }: Answer, { target }: Transport): { said: string; cut: boolean } => {
  const said = saidIn(body)
  if (!said) throw notChat(target, '')
  if (said.refusal || said.finish === 'content_filter') throw declined(target)
  return { said: said.call ?? said.text, cut: said.finish === 'length' }
}

/** The model's own words and what is wrong with them. */
const sentBack = (said: string, findings: readonly string[], form: Form) => [
  { role: 'assistant', content: excerpt(said, longestEcho) || '(nothing)' },
  {
    role: 'user',
    content: `That answer does not fit:\n${findings.map((finding) => `- ${finding}`).join('\n')}\n${inWords(form)}`,
  },
]
