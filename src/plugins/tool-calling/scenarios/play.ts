import type { AssistantTurn, Opening, Transcript, UserTurn } from '../../../skill.ts'
import { compiled } from '../compiled.ts'
import type { Definition } from '../definition.ts'
import { contextArgument } from '../vault/tools.ts'
import { goldContext } from './context.ts'
import { type CallStep, isAsk, isCall, isSay, type Scenario } from './scenario.ts'
import { walk } from './walk.ts'

/** Turns beyond those of the plan that a student may take: to look around, and to recover. */
const spareTurns = 3

/** The session's ids where calls carry a context, then the request. */
export const openScenario = (item: Scenario, definition: Definition): Opening => {
  const { tools } = compiled(definition)
  const { session } = item
  const system = session && {
    role: 'system' as const,
    content: `Every call carries this session in its context. sessionId: ${session.sessionId} workspaceId: ${session.workspaceId} (${session.workspace})`,
  }
  return {
    messages: [...(system ? [system] : []), { role: 'user', content: item.request }],
    tools: item.menu.flatMap((name) => tools.get(name) ?? []),
    maxSteps: item.plan.length + spareTurns,
  }
}

/** The step that is due, whatever was done beside the plan; nothing once all are done. */
export const goldTurn = (item: Scenario, soFar: Transcript, definition: Definition): AssistantTurn | undefined => {
  const { acts, next } = walk(item, soFar)
  const step = item.plan[next]
  if (!step) return undefined
  if (isAsk(step)) return { role: 'assistant', content: step.ask }
  if (isSay(step)) return { role: 'assistant', content: step.say }
  const fields = definition.scenarios?.context ?? []
  const before = item.plan.slice(0, next).findLast(isCall)
  const context = fields.length > 0 ? { [contextArgument]: goldContext(item, step, before, fields) } : {}
  return {
    role: 'assistant',
    content: '',
    toolCalls: [{ id: `call_${acts.length + 1}`, name: step.tool, arguments: { ...context, ...ordered(step) } }],
  }
}

const ordered = ({ arguments: args }: CallStep) => ({ ...args })

/** The user's answer to the question that was due; a question that was not ends the episode. */
export const answerOf = (item: Scenario, soFar: Transcript): UserTurn | undefined => {
  const { acts } = walk(item, soFar)
  const last = acts.at(-1)
  const step = last?.onPlan ? item.plan[last.step] : undefined
  return isAsk(step) ? { role: 'user', content: step.answer } : undefined
}
