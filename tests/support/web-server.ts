import { onTestFinished } from 'vitest'
import { hostOf } from '../../src/commands/host.ts'
import { webApp } from '../../src/web/app.ts'
import { listen } from '../../src/web/listen.ts'
import { folder, makeRun } from '../cli-fixture.ts'

export const token = 'a-token-of-the-test'
export const bearer = { authorization: `Bearer ${token}` }
const rounds = [0, 1, 1, 1].map((best) => ({ call: 2, ask: 2, best }))

export interface Answered {
  readonly confirm: { readonly token: string }
  readonly error: { readonly code: string }
}

/** The dashboard's server on a free port, without a page. `restart` ends it and begins another at the same port. */
export const serveWeb = async (dir: string) => {
  let port = 0
  const start = async () => {
    const web = webApp(
      hostOf(dir, '.whetstone', () => {
        throw new Error('nothing may be started here')
      }),
      { token, hosts: ['127.0.0.1'], port: () => port },
      dir,
    )
    const listening = await listen(web.app, { port, host: '127.0.0.1' })
    port = listening.port
    return {
      close: async () => {
        web.close()
        await listening.close()
      },
    }
  }
  let server = await start()
  onTestFinished(() => server.close())
  const url = (place: string) => `http://127.0.0.1:${port}${place}`
  return {
    url,
    port: () => port,
    restart: async () => {
      await server.close()
      server = await start()
    },
    act: async (name: string, args: object = {}, confirm?: string) => {
      const body = JSON.stringify({ args, ...(confirm && { confirm }) })
      const response = await fetch(url(`/api/do/${name}`), { method: 'POST', headers: bearer, body })
      return { status: response.status, value: (await response.json()) as Answered }
    },
  }
}

export const webWorld = async () => {
  const dir = await folder()
  const files = await makeRun(dir, 'four', rounds)
  return { dir, files, web: await serveWeb(dir) }
}
