import type { RoleName } from '../core/config-roles.ts'
import type { Gateway, RoleModel, Used } from '../core/llm/gateway.ts'
import type { Deps } from './deps.ts'

interface Sum {
  readonly role: RoleName
  readonly model: string
  calls: number
  cached: number
  input: number
  output: number
  money: number
  estimated: boolean
}

const tellEveryMs = 5000

/** The models of one stage. What their calls used is told as events: a sum for each role and model, now and then and at the end. */
export const stageBooks = (
  gateway: Gateway | undefined,
  { stage, round, signal, emit }: { stage: string; round: number; signal: AbortSignal; emit: Deps['emit'] },
): { llm(role: RoleName): RoleModel | undefined; tell(): void } => {
  const sums = new Map<string, Sum>()
  let told = Date.now()
  const tell = () => {
    told = Date.now()
    for (const data of sums.values()) emit({ type: 'llm.used', data })
    sums.clear()
  }
  const onUsed = (used: Used) => {
    add(sums, used)
    if (Date.now() - told > tellEveryMs) tell()
  }
  const warned = new Set<string>()
  const onFallback = (from: string, to: string) => {
    if (warned.has(to)) return
    warned.add(to)
    emit({
      type: 'warning',
      data: { code: 'llm-fallback', message: `${from} does not answer: ${to} is asked in its place` },
    })
  }
  return { llm: (role) => gateway?.llm(role, { signal, stage, round, onUsed, onFallback }), tell }
}

const add = (sums: Map<string, Sum>, { role, model, cached, input, output, money, estimated }: Used): void => {
  const key = `${role} ${model}`
  const sum = sums.get(key) ?? { role, model, calls: 0, cached: 0, input: 0, output: 0, money: 0, estimated: false }
  sums.set(key, sum)
  if (cached) sum.cached += 1
  else sum.calls += 1
  sum.input += input
  sum.output += output
  sum.money += money
  sum.estimated ||= estimated
}
