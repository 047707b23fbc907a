import { exitCodes, isWhetError, WhetError } from '../errors.ts'
import type { Clock } from '../llm/endpoint.ts'
import { type OpenAiStudentOptions, openAiStudent, type Student } from '../student.ts'
import { checkEndpoint } from './check.ts'
import { type Fault, Fleet, type FleetChange, type FleetEndpoint } from './fleet.ts'

export interface FleetStudentOptions extends Omit<OpenAiStudentOptions, 'baseUrl' | 'retries'> {
  readonly urls: readonly string[] // the same model at each
  readonly slots: number // replies that each works on at once
  onChange?(change: FleetChange): void
}

/**
 * One student behind several OpenAI-compatible endpoints. What fails at one is asked of another, so none of them is asked twice in a
 * row as `openAiStudent` does.
 * @throws WhetError student-fleet-down where none of them answers, and what `openAiStudent` throws
 */
export const fleetStudent = ({ urls, slots, onChange, ...options }: FleetStudentOptions): Student => {
  const key = () => (options.apiKeyEnv === undefined ? undefined : process.env[options.apiKeyEnv])
  const endpoints = urls.map((baseUrl) => ({
    name: new URL(baseUrl).host,
    use: openAiStudent({ ...options, baseUrl, retries: 0 }),
    slots,
    check: (signal: AbortSignal) => checkEndpoint(baseUrl, key(), signal),
  }))
  return studentOf(endpoints, { ...(onChange && { onChange }), ...(options.model && { name: options.model }) })
}

interface Told {
  readonly name?: string
  readonly clock?: Clock
  onChange?(change: FleetChange): void
}

/** The same for students of any kind. */
export const studentOf = (endpoints: readonly FleetEndpoint<Student>[], { name, ...told }: Told = {}): Student => {
  const noneLeft = (last: unknown) =>
    isWhetError(last) && last.fixedBy === 'config' ? last : fleetDown(endpoints, last)
  const fleet = new Fleet({ ...told, endpoints, faultOf: studentFault, noneLeft })
  return {
    name: name ?? endpoints.map((endpoint) => endpoint.name).join(', '),
    fleet,
    reply: (messages, tools, options) =>
      fleet.run(options.signal, (one, signal) => one.reply(messages, tools, { ...options, signal })),
  }
}

const refusals = ['student-refused', 'vllm-no-adapters', 'vllm-adapter-refused']

/** A missing key is missing everywhere, and a prompt that is too long too: those are no faults of an endpoint. */
export const studentFault = (error: unknown): Fault | undefined => {
  if (!isWhetError(error)) return undefined
  const { status, retryAfterMs } = error.data as { status?: number; retryAfterMs?: number }
  if (refusals.includes(error.code)) return { kind: 'refused' }
  if (error.code === 'student-unreachable' && status === 429) return { kind: 'busy', pauseMs: retryAfterMs }
  return error.code === 'student-unreachable' || error.code === 'student-timeout' ? { kind: 'failed' } : undefined
}

const fleetDown = (endpoints: readonly { readonly name: string }[], last: unknown) =>
  new WhetError({
    code: 'student-fleet-down',
    message: `None of the ${endpoints.length} endpoints of the student answers (${endpoints.map(({ name }) => name).join(', ')}; last: ${last instanceof Error ? last.message.replace(/\.$/, '') : last}). See their servers, then give the same command again, or \`whet resume\`: a run keeps the answers that it has.`,
    fixedBy: 'service',
    exit: exitCodes.failed,
    data: { endpoints: endpoints.map(({ name }) => name) },
  })
