/** The dashboard's server: the page, the registry's commands, and the events of runs. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { compress } from 'hono/compress'
import { setCookie } from 'hono/cookie'
import { secureHeaders } from 'hono/secure-headers'
import { z } from 'zod'
import { errorAnswer, type Host, perform, remoteCommands } from '../commands/remote.ts'
import { writeReport } from '../commands/report/index.ts'
import { isWhetError } from '../core/errors.ts'
import { Chats, Said } from './chats.ts'
import { type Access, cookieName, knownHost, limitedBody, refuse, sameToken, withToken } from './guard.ts'
import { Tails } from './tail.ts'

/** Where `npm run build` puts the page. */
const builtPage = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/web/app/' : './app/', import.meta.url),
)

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.html': 'text/html',
}
const yearSeconds = 365 * 24 * 3600

const Order = z.strictObject({
  args: z.record(z.string(), z.unknown()).default({}),
  confirm: z.string().max(200).optional(),
})

export interface Web {
  readonly app: Hono
  close(): void
}

/** @param page  the built page's folder */
export const webApp = (host: Host, access: Access, page = builtPage): Web => {
  const tails = new Tails()
  const chats = new Chats(host)
  const app = new Hono()
  app.use(knownHost(access), headers())
  app.get('/', (context) => open(context, access, page))
  app.get('/assets/:file{[a-zA-Z0-9_.-]+}', compress(), (context) => asset(context, page))
  app.use('/api/*', withToken(access), limitedBody())
  app.get('/api/commands', async (context) =>
    context.json({ project: path.basename(host.cwd), commands: await remoteCommands() }),
  )
  app.post('/api/do/:name', (context) => act(context, host))
  app.get('/api/runs/:run/events', (context) => told(context, host, () => events(context, host, tails)))
  app.get('/api/chat/:run', (context) => told(context, host, () => lines(context, host, chats)))
  app.post('/api/chat/:run', (context) => told(context, host, () => say(context, host, chats)))
  app.get('/api/runs/:run/report', (context) => told(context, host, () => report(context, host)))
  app.notFound((context) => refuse(context, 404, 'unknown-address', 'There is nothing at this address.'))
  app.onError((error, context) => context.json(errorAnswer(error, host), 500))
  return {
    app,
    close: () => {
      tails.close()
      void chats.close()
    },
  }
}

const common = { referrerPolicy: 'no-referrer', xFrameOptions: 'DENY', strictTransportSecurity: false } as const // http, on one machine

/** No script and no request but this server's own, whatever a student writes. A report, which is one file, runs none at all. */
const headers = (): MiddlewareHandler => {
  const own = { defaultSrc: ["'self'"], imgSrc: ["'self'", 'data:'], objectSrc: ["'none'"] }
  const closed = { baseUri: ["'none'"], formAction: ["'none'"], frameAncestors: ["'none'"] }
  const page = secureHeaders({ ...common, contentSecurityPolicy: { ...own, ...closed } })
  const file = { sandbox: [], defaultSrc: ["'none'"], styleSrc: ["'unsafe-inline'"], imgSrc: ['data:'] }
  const report = secureHeaders({ ...common, contentSecurityPolicy: { ...file, ...closed } })
  return (context, next) => (context.req.path.endsWith('/report') ? report : page)(context, next)
}

/** The first open brings the token; a cookie that scripts cannot read keeps it, and the address loses it. */
const open = async (context: Context, access: Access, page: string) => {
  const given = context.req.query('token')
  if (given !== undefined) {
    if (!sameToken(given, access.token))
      return refuse(
        context,
        401,
        'token-wrong',
        'This is not the token of this server. Open the address that `whet web` printed.',
      )
    setCookie(context, cookieName(access.port()), given, {
      httpOnly: true,
      sameSite: 'Strict',
      path: '/',
      maxAge: yearSeconds,
    })
    return context.redirect('/')
  }
  const checked = await withToken(access)(context, async () => {})
  if (checked) return checked
  const html = await readFile(path.join(page, 'index.html'), 'utf8').catch(() => undefined)
  return html === undefined
    ? refuse(context, 404, 'page-missing', 'The page was not built: `npm run build` makes it.')
    : context.html(html)
}

/** The page's own scripts and styles hold no data: they need no token. */
const asset = async (context: Context, page: string) => {
  const file = path.basename(context.req.param('file') ?? '')
  const body = await readFile(path.join(page, 'assets', file)).catch(() => undefined)
  if (!body) return refuse(context, 404, 'unknown-address', 'There is no such file.')
  context.header('cache-control', 'public, max-age=31536000, immutable') // names hold a hash of the content
  return context.body(body, 200, { 'content-type': types[path.extname(file)] ?? 'application/octet-stream' })
}

const act = async (context: Context, host: Host) => {
  const text = await context.req.text()
  const order = Order.safeParse(parse(text || '{}'))
  if (!order.success) return refuse(context, 400, 'bad-input', 'The body is JSON: {"args": {...}, "confirm": "TOKEN"}.')
  const { args, confirm } = order.data
  return told(context, host, async () =>
    context.json(
      (await perform(host, {
        name: context.req.param('name') ?? '',
        args,
        by: 'browser',
        signal: context.req.raw.signal,
        ...(confirm !== undefined && { confirm }),
      })) as object,
    ),
  )
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const events = async (context: Context, host: Host, tails: Tails) => {
  const files = await host.workspace.find(context.req.param('run'))
  const since = Number(context.req.header('last-event-id') ?? context.req.query('since') ?? 0)
  if (!Number.isSafeInteger(since) || since < 0)
    return refuse(context, 400, 'bad-cursor', 'The cursor is the number of an event, or 0.')
  return context.body(tails.stream(files, since), 200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
  })
}

const lines = async (context: Context, host: Host, chats: Chats) => {
  const { name } = await host.workspace.find(context.req.param('run'))
  return context.json({ lines: await chats.lines(name) })
}

const say = async (context: Context, host: Host, chats: Chats) => {
  const { name } = await host.workspace.find(context.req.param('run'))
  const said = Said.safeParse(parse(await context.req.text()))
  if (!said.success)
    return refuse(
      context,
      400,
      'bad-input',
      'The body is JSON: {"text": "..."}, at most 4,000 characters, or {"yes": true, "token": "..."}.',
    )
  return context.body(await chats.say(name, said.data), 200, { 'content-type': 'application/x-ndjson' })
}

/** The report is a page of its own: shown in a box without scripts and without this server's origin. */
const report = async (context: Context, host: Host) => {
  const { name } = await host.workspace.find(context.req.param('run'))
  const { text } = await writeReport({ workspace: host.workspace, run: name, format: 'html' })
  return context.html(text)
}

/** An error as JSON, with the status that its exit code stands for. */
const told = async (context: Context, host: Host, work: () => Promise<Response>): Promise<Response> => {
  try {
    return await work()
  } catch (error) {
    return context.json(errorAnswer(error, host), statusOf(error))
  }
}

const statusOf = (error: unknown): 400 | 403 | 404 | 409 | 500 => {
  if (!isWhetError(error)) return 500
  if (/^(unknown-|run-gone)/.test(error.code)) return 404
  if (error.code === 'cursor-ahead' || error.code === 'run-not-running') return 409
  if (error.exit === 4) return 403
  return error.exit === 2 ? 400 : 500
}
