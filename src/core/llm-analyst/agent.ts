import type { Hypothesis } from '../contract.ts'
import { isWhetError } from '../errors.ts'
import type { Lever } from '../levers.ts'
import { readAnswer } from '../llm/answer.ts'
import { unwrapped } from '../llm/errors.ts'
import type { RoleModel } from '../llm/gateway.ts'
import { type Briefing, firstMessage, systemPrompt } from './briefing.ts'
import { findingsIn } from './check.ts'
import { answerForm, hypothesisOf } from './form.ts'

/** The spec of the analyst, or why there is none and someone else has to write it. */
export type Analysis =
  | { readonly hypotheses: readonly Hypothesis[]; readonly lever: Lever | null; readonly sentBack: number }
  | { readonly failed: string; readonly findings: readonly string[] }

const mostSentBack = 2
const mostCalls = 12 // of the model, for one answer: it may look things up in between
const longestFinding = 300

type Turn = { role: 'system' | 'user' | 'assistant'; content: string }

/**
 * Lets a language model write the spec. Its answer is checked and sent back with the findings twice at most; trouble at
 * the service or an answer that stays wrong is an analysis that failed, never an exception.
 * @throws WhetError where the config is at fault (key, model, address): a run should not go on without being told
 */
export const llmAnalyst = async (briefing: Briefing, model: RoleModel, signal: AbortSignal): Promise<Analysis> => {
  const form = answerForm(briefing.vocabulary)
  let turns: readonly Turn[] = [
    { role: 'system', content: systemPrompt(briefing) },
    { role: 'user', content: firstMessage(briefing) },
  ]
  let findings: readonly string[] = []
  try {
    const ask = await asker(briefing, model, signal)
    for (let sentBack = 0; sentBack <= mostSentBack; sentBack += 1) {
      const said = await ask(turns)
      const read = readAnswer(said, form)
      const hypotheses = 'value' in read ? read.value.hypotheses.map(hypothesisOf) : []
      findings = 'value' in read ? findingsIn(hypotheses, briefing) : read.findings
      if ('value' in read && findings.length === 0) return { hypotheses, lever: read.value.lever, sentBack }
      turns = [...turns, { role: 'assistant', content: said.slice(0, 8000) || '(nothing)' }, back(findings)]
    }
    return { failed: `its answer stayed invalid after ${mostSentBack} corrections`, findings: findings.map(short) }
  } catch (error) {
    signal.throwIfAborted()
    const cause = unwrapped(error)
    if (!isWhetError(cause) || !mayFallBack(cause)) throw cause
    return { failed: cause.message, findings: [] }
  }
}

const mayFallBack = ({ fixedBy, code }: { fixedBy: string; code: string }) =>
  fixedBy === 'service' || code === 'llm-budget'

const short = (finding: string) => finding.slice(0, longestFinding)

const back = (findings: readonly string[]): Turn => ({
  role: 'user',
  content: `This cannot be carried out:\n${findings
    .slice(0, 12)
    .map((finding) => `- ${short(finding)}`)
    .join('\n')}\nAnswer with the corrected JSON object and nothing else.`,
})

type Ask = (turns: readonly Turn[]) => Promise<string>

/** An agent with read-only tools; a plain conversation where the endpoint takes no tools. */
const asker = async (briefing: Briefing, model: RoleModel, signal: AbortSignal): Promise<Ask> => {
  const [{ createAgent, modelCallLimitMiddleware }, { readOnlyTools }, chat] = await Promise.all([
    import('langchain'),
    import('./tools.ts'),
    model.chatModel(),
  ])
  const agent = createAgent({
    model: chat,
    tools: readOnlyTools(briefing),
    middleware: [modelCallLimitMiddleware({ runLimit: mostCalls, exitBehavior: 'end' })],
    checkpointer: false, // it runs inside a stage: the loop's own checkpoints are none of its business
  })
  let takesTools = true
  const plainly: Ask = async (turns) => (await chat.invoke([...turns], { signal })).text
  return async (turns) => {
    if (!takesTools) return plainly(turns)
    try {
      const { messages } = await agent.invoke({ messages: [...turns] }, { signal, recursionLimit: 4 * mostCalls })
      return messages.at(-1)?.text ?? ''
    } catch (error) {
      const cause = unwrapped(error)
      if (!isWhetError(cause) || cause.code !== 'llm-request-refused') throw error
      takesTools = false
      return plainly(turns)
    }
  }
}
