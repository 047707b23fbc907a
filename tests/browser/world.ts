import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { hostOf } from '../../src/commands/host.ts'
import { webApp } from '../../src/web/app.ts'
import { listen } from '../../src/web/listen.ts'
import { endProcess, scriptedLaunch } from '../support/scripted-launch.ts'

export const token = 'a-token-of-the-browser-test'
const plugin = fileURLToPath(new URL('../support/toy-plugin.ts', import.meta.url))

/** A project with the toy skill, served as `whet web` serves it; its runs are processes with a scripted trainer. */
export const openWorld = async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'whet-browser-'))
  await writeFile(
    path.join(dir, 'whetstone.yaml'),
    `skill: ${plugin}\nevaluation: { dev: 40, gate: 60, sealed: 10 }\nloop: { rounds: 3, rows: 40 }\nstudent: { slots: 8 }\n`,
  )
  const pids: number[] = []
  const launch: typeof scriptedLaunch = (...args) => {
    const launched = scriptedLaunch(...args)
    pids.push(launched.pid)
    return launched
  }
  let port = 0
  const host = hostOf(dir, '.whetstone', launch)
  const begin = async () => {
    const web = webApp(host, { token, hosts: ['127.0.0.1'], port: () => port })
    const listening = await listen(web.app, { port, host: '127.0.0.1' })
    port = listening.port
    return async () => {
      web.close()
      await listening.close()
    }
  }
  let end = await begin()
  return {
    dir,
    host,
    plugin,
    url: (place = '') => `http://127.0.0.1:${port}/${place}`,
    stop: () => end(),
    start: async () => {
      end = await begin()
    },
    close: async () => {
      for (const pid of pids) endProcess(pid)
      await end()
      await rm(dir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
