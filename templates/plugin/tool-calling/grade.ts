/** What a reply is worth: the call against the truth, with a reason for every criterion. Change it where half a call is worth something. */
import { checkEquals, type Grade, type ToolCall, type Transcript, type Verdict } from 'whetstone/skill'
import type { Item } from './item.ts'

const verdict = (pass: boolean, reason: string): Verdict => ({
  status: pass ? 'pass' : 'fail',
  score: pass ? 1 : 0,
  reason,
})

export const grade = ({ call }: Item, transcript: Transcript): Grade => {
  const turn = transcript.find(({ role }) => role === 'assistant')
  const [said, ...more]: readonly ToolCall[] = (turn?.role === 'assistant' && turn.toolCalls) || []
  const format = said !== undefined && more.length === 0
  const tool = format && said.name === call.name
  const { score, reason } = checkEquals(said?.arguments, call.arguments)
  const right = tool && score === 1
  return {
    score: ((right ? 4 : 0) + (tool ? 1 : 0) + (format ? 1 : 0)) / 6,
    criteria: {
      right: verdict(right, tool ? reason : 'no call of the right tool'),
      tool: verdict(tool, tool ? 'the right tool' : `expected ${call.name}`),
      format: verdict(format, format ? 'one call' : 'not one call'),
    },
    failures: right ? [] : [!format ? 'no-call' : tool ? 'wrong-arguments' : 'wrong-tool'],
  }
}
