import { existsSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterEach, expect, test } from 'vitest'
import { newFolder } from '../support/llm.ts'
import { answers, type ScriptedOpenAi, startScriptedOpenAi } from '../support/scripted-openai.ts'

const runner = fileURLToPath(new URL('../support/run-calls.ts', import.meta.url))
const calls = 200

let server: ScriptedOpenAi
const folder = newFolder()
afterEach(async () => {
  await server?.close()
  rmSync(folder, { recursive: true, force: true })
})

const lines = (name: string) => {
  const file = path.join(folder, name)
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
}
const run = () => execa('node', ['--import', 'tsx', runner, folder, server.url, String(calls)], { reject: false })

test('kill -9 in the middle of 200 teacher calls: no call that was finished is made again, and all are paid in the books', async () => {
  let child: ReturnType<typeof run> | undefined
  server = await startScriptedOpenAi(({ messages }, number) => {
    if (number === 100) child?.kill('SIGKILL')
    return answers.json({ row: messages[0]!.content })
  })
  child = run()
  await child
  const finished = lines('finished.txt')
  const before = server.requests.length
  expect(finished.length).toBeGreaterThan(50)
  expect(finished.length).toBeLessThan(calls)

  const resumed = await run()
  expect(resumed.stderr).toBe('')
  const again = server.requests.slice(before).map(({ messages }) => messages[0]!.content)
  expect(again.filter((prompt) => finished.includes(prompt))).toEqual([])
  // those in flight at the kill may be asked twice: at most as many as were allowed at once
  expect(server.requests.length).toBeLessThanOrEqual(calls + 8)
  expect(new Set(lines('finished.txt')).size).toBe(calls)
  expect(JSON.parse(lines('spent.txt')[0]!).tokens).toBe(calls * 18)

  const third = server.requests.length
  await run()
  expect(server.requests.length).toBe(third)
})
