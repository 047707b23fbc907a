/** The dashboard's event streams: 50 readers of one run that gets 200 events a second, served by the built `whet web`. */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { RunEvent } from '../src/core/events.ts'
import { RunStore } from '../src/core/store.ts'
import { Workspace } from '../src/core/workspace.ts'
import type { Figure } from './index.ts'

const readers = 50
const perSecond = 200
const seconds = 15

export const streams = async (): Promise<Figure[]> => {
  const dir = await mkdtemp(path.join(tmpdir(), 'whet-bench-'))
  const workspace = new Workspace(path.join(dir, '.whetstone'))
  await workspace.prepare()
  const store = RunStore.open(workspace.run('busy').database)
  store.append({ run: 'busy', type: 'run.started', data: { skill: 'toy', config: 'x' } })
  const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
  const server = spawn(process.execPath, [main, 'web', '--port', '0'], {
    cwd: dir,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  try {
    const said = String(await new Promise((resolve) => server.stderr.once('data', resolve)))
    const [, place = '', token = ''] = /(http:\S+\/)\?token=(\S+)/.exec(said) ?? []
    const left = new AbortController()
    const late: number[] = []
    const reading = Array.from({ length: readers }, () =>
      read(`${place}api/runs/busy/events`, token, left.signal, late),
    )
    await write(store)
    await sleep(1000)
    const megabytes = await memoryOf(server.pid!)
    left.abort()
    const seen = await Promise.all(reading)
    const whole = seen.filter(({ length }) => length === perSecond * seconds + 1).length
    const inOrder = seen.filter((seqs) => seqs.every((seq, at) => seq === at + 1)).length
    late.sort((a, b) => a - b)
    return [
      {
        name: 'streams: readers with every event',
        value: whole,
        unit: 'readers',
        note: `of ${readers}, at ${perSecond} events/s`,
      },
      { name: 'streams: readers in order, once', value: inOrder, unit: 'readers', note: `of ${readers}` },
      {
        name: 'streams: event to reader, median',
        value: late[Math.floor(late.length / 2)] ?? 0,
        unit: 'ms',
        note: 'aim: under 300 to the pixel',
      },
      {
        name: 'streams: event to reader, 99 %',
        value: late[Math.floor(late.length * 0.99)] ?? 0,
        unit: 'ms',
        note: '',
      },
      { name: 'streams: memory of the server', value: megabytes, unit: 'MB', note: 'resident; aim: under 200' },
    ]
  } finally {
    server.kill()
    store.close()
    await rm(dir, { recursive: true, force: true, maxRetries: 5 })
  }
}

const write = async (store: RunStore): Promise<void> => {
  const begun = Date.now()
  for (let step = 1; step <= perSecond * seconds; step += 1) {
    store.append({
      run: 'busy',
      round: 1,
      stage: 'train',
      type: 'train.step',
      data: { step, of: perSecond * seconds, loss: 1, tokens: step, tokensPerSecond: 1, etaSeconds: 1 },
    })
    const ahead = begun + (step * 1000) / perSecond - Date.now()
    await sleep(Math.max(0, ahead))
  }
}

const read = async (url: string, token: string, signal: AbortSignal, late: number[]): Promise<number[]> => {
  const seqs: number[] = []
  try {
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` }, signal })
    let rest = ''
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + chunk).split('\n\n')
      rest = parts.pop() ?? ''
      for (const part of parts) {
        const data = /^data: (.*)$/m.exec(part)?.[1]
        if (data === undefined) continue
        const { seq, at } = JSON.parse(data) as RunEvent
        seqs.push(seq)
        late.push(Date.now() - Date.parse(at))
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
  return seqs
}

/** Resident memory of a process, MB; 0 where the system does not tell. */
const memoryOf = async (pid: number): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1000
}
