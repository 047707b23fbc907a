import type { Server } from 'node:http'
import { serve } from '@hono/node-server'
import type { Hono } from 'hono'
import { exitCodes, WhetError } from '../core/errors.ts'

export interface Listening {
  readonly port: number
  close(): Promise<void>
}

/** @param port  0: any free one. @throws {WhetError} port-taken · address-unknown */
export const listen = (app: Hono, { port, host }: { port: number; host: string }): Promise<Listening> =>
  new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, port, hostname: host }, (info) =>
      resolve({
        port: info.port,
        close: () =>
          new Promise((done) => {
            server.close(() => done())
            // streams of events have no end of their own
            ;(server as Server).closeAllConnections()
          }),
      }),
    )
    server.on('error', (error: NodeJS.ErrnoException) => reject(listenError(error, port, host)))
  })

const listenError = (error: NodeJS.ErrnoException, port: number, host: string): unknown => {
  const taken = error.code === 'EADDRINUSE' || error.code === 'EACCES'
  if (!taken && error.code !== 'EADDRNOTAVAIL' && error.code !== 'ENOTFOUND') return error
  return new WhetError({
    code: taken ? 'port-taken' : 'address-unknown',
    message: taken
      ? `Port ${port} is not free. --port takes another one; 0 finds a free one.`
      : `${host} is no address of this machine. Leave --host out to serve this machine only.`,
    fixedBy: 'config',
    exit: exitCodes.usage,
    data: { port, host },
  })
}
