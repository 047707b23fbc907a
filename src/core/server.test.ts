import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type ScriptedAnswer, type ScriptedOpenAi, startScriptedOpenAi } from '../../tests/support/scripted-openai.ts'
import { isRunning } from './process-identity.ts'
import { type ManagedOptions, managedStudent, type StudentServer, startStudentServer } from './server.ts'

let folder: string
let script: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whet-serve-'))
  script = join(folder, 'serve.mjs')
})
afterEach(() => rmSync(folder, { recursive: true }))

const asking = { signal: new AbortController().signal, maxTokens: 8, seed: 1 }
const options = (body: string) => {
  writeFileSync(script, body)
  return { python: 'none', command: [process.execPath, script], model: '/models/small.gguf', slots: 4 }
}
const ready = `console.log(JSON.stringify({ url: 'http://127.0.0.1:1', pid: process.pid }));`
const untilEof = `process.stdin.resume().on('end', () => process.exit(0));`

test('a server is there once it has said its address, and ends with its stdin', async () => {
  const server = await startStudentServer(options(ready + untilEof))
  expect(server.url).toBe('http://127.0.0.1:1')
  expect(server.alive()).toBe(true)
  await server.stop()
  expect(server.alive()).toBe(false)
})

test('slots share the context: 2048 tokens each unless told', async () => {
  const lines: string[] = []
  const server = await startStudentServer({
    ...options(`console.error(process.argv.slice(2).join(' '));${ready}${untilEof}`),
    threads: 1,
    onLog: (line) => lines.push(line),
  })
  await server.stop()
  expect(lines).toEqual(['--model /models/small.gguf --slots 4 --context 8192 --threads 1'])
})

test('a server that cannot load its model says why, and leaves no process', async () => {
  const why = JSON.stringify({ error: { code: 'model-unusable', message: 'llama.cpp could not load it.' } })
  const error = await startStudentServer(options(`console.error('${why}'); process.exit(2)`)).catch((error) => error)
  expect(error).toMatchObject({ code: 'server-not-started', data: { reason: 'model-unusable' } })
  expect(error.message).toContain('llama.cpp could not load it.')
})

test('a server that never gets ready is given up', async () => {
  const never = startStudentServer({ ...options(untilEof), startTimeoutMs: 300 })
  await expect(never).rejects.toMatchObject({ code: 'server-not-started' })
})

test('an abort ends the start', async () => {
  const abort = new AbortController()
  const starting = startStudentServer({ ...options(untilEof), signal: abort.signal })
  abort.abort(new Error('pause'))
  await expect(starting).rejects.toThrow('pause')
})

test('a server does not outlive a parent that is killed', async () => {
  const child = join(folder, 'parent.mts')
  const { command } = options(`console.error(process.pid);${ready}${untilEof}`)
  const module = fileURLToPath(new URL('./server.ts', import.meta.url))
  writeFileSync(
    child,
    `import { startStudentServer } from ${JSON.stringify(module)}
     void startStudentServer({ python: '', command: ${JSON.stringify(command)}, model: 'm', slots: 1, onLog: console.log })`,
  )
  const parent = execa(process.execPath, ['--import', 'tsx', child], { reject: false, buffer: false })
  let server = 0
  for await (const line of parent.iterable()) {
    server = Number(line)
    parent.kill('SIGKILL')
  }
  expect(server).toBeGreaterThan(1)
  await vi.waitFor(() => expect(isRunning(server, undefined)).toBe(false), 20_000)
})

/** A server in this process whose death a test decides. */
const mortal = () => {
  const servers: (StudentServer & { die(): Promise<void> })[] = []
  let http: ScriptedOpenAi
  const start = (answer: () => ScriptedAnswer) => async () => {
    http = await startScriptedOpenAi(answer)
    let alive = true
    const die = async () => {
      alive = false
      await http.close()
    }
    servers.push({ url: http.url, alive: () => alive, stop: die, die })
    return servers.at(-1)!
  }
  return { servers, start }
}
const words = { role: 'assistant', content: 'ok' } as const
const managed = (more: Partial<ManagedOptions> & { start(): Promise<StudentServer> }) =>
  managedStudent({ timeoutMs: 2_000, ...more })

test('nothing is started before the first reply, and one server answers all', async () => {
  const { servers, start } = mortal()
  const { student, close } = managed({ start: start(() => words) })
  expect(servers).toHaveLength(0)
  await Promise.all([1, 2, 3].map(() => student.reply([], [], asking)))
  await close()
  expect(servers.map((server) => server.alive())).toEqual([false])
})

test('a server that dies in the middle of replies is started again once for all of them', async () => {
  const { servers, start } = mortal()
  const restarts: string[] = []
  const answer = () => {
    if (servers.length > 1) return words
    void servers[0]!.die()
    return 'hang-up' as const
  }
  const { student, close } = managed({ start: start(answer), onRestart: (why) => restarts.push(why) })
  const replies = await Promise.all([1, 2, 3].map(() => student.reply([], [], asking)))
  await close()
  expect(replies.map(({ turn }) => turn.content)).toEqual(['ok', 'ok', 'ok'])
  expect(servers).toHaveLength(2)
  expect(restarts).toEqual(['its process ended'])
})

test('a server that dies again is not started a third time', async () => {
  const { servers, start } = mortal()
  const answer = () => {
    void servers.at(-1)!.die()
    return 'hang-up' as const
  }
  const { student, close } = managed({ start: start(answer) })
  await expect(student.reply([], [], asking)).rejects.toMatchObject({ code: 'server-died' })
  await expect(student.reply([], [], asking)).rejects.toMatchObject({ code: 'server-died' })
  await close()
  expect(servers).toHaveLength(2)
})

test('a slow reply of a healthy server is a timeout and no reason to restart', async () => {
  const { servers, start } = mortal()
  const { student, close } = managed({ start: start(() => 'never'), timeoutMs: 200 })
  await expect(student.reply([], [], asking)).rejects.toMatchObject({ code: 'student-timeout' })
  await close()
  expect(servers).toHaveLength(1)
})
