/** Who may talk to a server of this machine: the right Host, no foreign Origin, the token, and no endless bodies. */
import { timingSafeEqual } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { getCookie } from 'hono/cookie'

/** Longest body of a request, bytes. */
export const longestBody = 256 * 1024

export interface Access {
  readonly token: string
  readonly hosts: readonly string[] // names, without a port, under which the server may be reached
  readonly port: () => number // known once the server listens
}

export const cookieName = (port: number) => `whet-${port}`

export const loopback = ['127.0.0.1', 'localhost', '[::1]'] as const

/** A page of another site may make a browser send requests here, and a name may be bound to this address: neither gets in. */
export const knownHost = ({ hosts, port }: Access): MiddlewareHandler => {
  const isOurs = (place: string | undefined) =>
    hosts.some((host) => place === `${host}:${port()}` || (port() === 80 && place === host))
  return async (context, next) => {
    if (!isOurs(context.req.header('host')))
      return refuse(
        context,
        403,
        'foreign-host',
        'This server answers to its own address only. Open it by the address that it printed.',
      )
    const origin = context.req.header('origin')
    if (origin !== undefined && !isOurs(origin.replace(/^https?:\/\//, '')))
      return refuse(context, 403, 'foreign-origin', 'A page of another site may not talk to this server.')
    const site = context.req.header('sec-fetch-site')
    if (site === 'cross-site' && context.req.method !== 'GET')
      return refuse(context, 403, 'foreign-origin', 'A page of another site may not talk to this server.')
    await next()
  }
}

/** The token comes as a bearer (programs) or as a cookie that the first open sets (browsers). */
export const withToken =
  (access: Access): MiddlewareHandler =>
  async (context, next) => {
    const bearer = /^Bearer (.+)$/.exec(context.req.header('authorization') ?? '')?.[1]
    const given = bearer ?? getCookie(context, cookieName(access.port()))
    if (given === undefined)
      return refuse(
        context,
        401,
        'token-missing',
        'Open the address with the token that `whet` printed, or send it as a bearer token.',
      )
    if (!sameToken(given, access.token))
      return refuse(context, 401, 'token-wrong', 'This is not the token of this server.')
    await next()
  }

export const sameToken = (given: string, token: string): boolean => {
  const [a, b] = [Buffer.from(given), Buffer.from(token)]
  return a.length === b.length && timingSafeEqual(a, b)
}

export const limitedBody = (): MiddlewareHandler =>
  bodyLimit({
    maxSize: longestBody,
    onError: (context) => refuse(context, 413, 'body-too-large', `A request has at most ${longestBody / 1024} kB.`),
  })

export const refuse = (context: Context, status: 400 | 401 | 403 | 404 | 409 | 413, code: string, message: string) =>
  context.json({ error: { code, message, fixedBy: 'config' } }, status)
