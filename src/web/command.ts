import { z } from 'zod'
import { defineCommand } from '../commands/command.ts'
import { accessToken, hostOf } from '../commands/host.ts'
import { workspaceField, workspaceOf } from '../commands/inputs.ts'
import { webApp } from './app.ts'
import { loopback } from './guard.ts'
import { listen } from './listen.ts'

const input = z.strictObject({
  port: z.int().min(0).max(65535).default(7878).describe('0 finds a free one'),
  host: z
    .string()
    .default('127.0.0.1')
    .describe('address to listen at; others than this machine get in only by a name of --allow')
    .meta({ value: 'ADDRESS' }),
  allow: z
    .array(z.string())
    .default([])
    .describe('a name or address under which browsers may reach it, besides this machine')
    .meta({ value: 'NAME' }),
  workspace: workspaceField,
})

/** Serves the dashboard until it is interrupted. Runs that it starts are processes of their own and go on. */
export const command = defineCommand<typeof input, null>({
  input,
  async run(input, context) {
    const host = hostOf(context.cwd, workspaceOf(input, context))
    const token = await accessToken(host.workspace)
    let port = input.port
    const web = webApp(host, { token, hosts: [...loopback, ...input.allow], port: () => port })
    const listening = await listen(web.app, input)
    port = listening.port
    const shown = input.host === '127.0.0.1' || input.allow.length === 0 ? '127.0.0.1' : input.allow[0]
    context.note(`dashboard  http://${shown}:${port}/?token=${token}`)
    context.note('Ctrl-C ends it; runs go on.')
    const { signal } = context
    await new Promise<void>((resolve) =>
      signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true }),
    )
    web.close()
    await listening.close()
    return null
  },
  render: () => '',
})
