import { expect, test } from 'vitest'
import { scriptedStudent } from '../core/student.ts'
import { openByHeart } from './by-heart.ts'

const scripted = () => {
  const log: string[] = []
  const deps = {
    config: { seed: 1, student: { slots: 2, maxReplyTokens: 9 } },
    files: { round: (n: number) => ({ model: `round-${n}/model.gguf` }) },
    signal: new AbortController().signal,
    students: {
      open: async ({ adapter, model }: { adapter: string | null; model: string }) => {
        log.push(`open ${adapter} ${model}`)
        const student = scriptedStudent((messages, tools) => {
          log.push(`${messages.length} message, ${tools.length} tools`)
          return { role: 'assistant', content: `I know: ${messages[0]!.content}` }
        })
        return { student, close: async () => void log.push('close') }
      },
    },
  }
  return { log, heart: openByHeart(deps as never) }
}

test('the untouched student is served at the first request, asked without tools, and closed', async () => {
  const { log, heart } = scripted()
  expect(await heart.ask(['a?', 'b?'])).toEqual(['I know: a?', 'I know: b?'])
  await heart.ask(['c?'])
  await heart.close()
  const asked = '1 message, 0 tools'
  expect(log).toEqual(['open null round-0/model.gguf', asked, asked, asked, 'close'])
})

test('who never asks starts nothing', async () => {
  const { log, heart } = scripted()
  await heart.close()
  expect(log).toEqual([])
})
