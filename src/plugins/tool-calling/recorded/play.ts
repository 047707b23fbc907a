import type { AssistantTurn, Environment, Opening, ToolCall, Transcript, UserTurn } from '../../../skill.ts'
import { differences } from '../compare.ts'
import { compiled } from '../compiled.ts'
import type { Definition } from '../definition.ts'
import { isObject } from '../schema.ts'
import { type Recording, turnsOf } from './recording.ts'
import { turnItem } from './turn.ts'

/** All that was said before the assistant first spoke. */
export const openRecording = (item: Recording, definition: Definition): Opening => {
  const { tools } = compiled(definition)
  const turns = turnsOf(item)
  return {
    messages: item.messages.slice(0, turns[0]),
    tools: item.menu.flatMap((name) => tools.get(name) ?? []),
    maxSteps: turns.length,
  }
}

const spoken = (soFar: Transcript) => soFar.filter(({ role }) => role === 'assistant').length

/** The turn that was recorded at this point. */
export const recordedTurn = (item: Recording, soFar: Transcript): AssistantTurn | undefined => {
  const at = turnsOf(item)[spoken(soFar)]
  return at === undefined ? undefined : (item.messages[at] as AssistantTurn)
}

/** What the user said next, where the conversation went on in words; nothing where a call was due. */
export const recordedAnswer = (item: Recording, soFar: Transcript): UserTurn | undefined => {
  const turns = turnsOf(item)
  const said = spoken(soFar)
  const [at, next] = [turns[said - 1], turns[said]]
  if (at === undefined || next === undefined || (item.messages[at] as AssistantTurn).toolCalls?.length) return undefined
  const words = item.messages.slice(at + 1, next).filter(({ role }) => role === 'user')
  return words.length === 0 ? undefined : { role: 'user', content: words.map(({ content }) => content).join('\n') }
}

/** Answers the calls that were recorded with what was answered then; any other call ends the episode, and nothing is executed. */
export const recordedEnvironment = (item: Recording, definition: Definition): Environment => {
  const { tools } = compiled(definition)
  const open = turnsOf(item).flatMap((at, turn) => {
    const { truth } = turnItem(item, at)
    const made = (item.messages[at] as AssistantTurn).toolCalls ?? []
    return truth.calls.map((expected, index) => ({
      turn,
      expected,
      result: resultOf(item, at, made[index]?.id, index),
    }))
  })
  return {
    call: async (call: ToolCall) => {
      const due = open[0]?.turn
      const args = isObject(call.arguments) ? call.arguments : undefined
      const at = open.findIndex(
        ({ turn, expected }) =>
          turn === due &&
          args !== undefined &&
          expected.tools.includes(call.name) &&
          differences(expected, { name: call.name, arguments: args }, tools.get(call.name)).length === 0,
      )
      const [found] = at < 0 ? [] : open.splice(at, 1)
      if (!found) return { content: 'Not executed: this call was not recorded.', isError: true, ends: true }
      return found.result ?? { content: '', isError: false, ends: true } // the recording ends with this call
    },
    endState: async () => undefined,
    close: async () => {},
  }
}

/** By the call's id, else by its place among the results that follow. */
const resultOf = ({ messages }: Recording, at: number, id: string | undefined, index: number) => {
  const after = messages.slice(at + 1)
  const end = after.findIndex(({ role }) => role === 'assistant')
  const results = (end < 0 ? after : after.slice(0, end)).filter((message) => message.role === 'tool')
  const found = results.find(({ toolCallId }) => toolCallId === id) ?? results[index]
  return found && { content: found.content, isError: found.isError }
}
