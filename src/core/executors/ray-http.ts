/** One HTTP request to a Ray dashboard. Not by `fetch`: that sends Sec-Fetch-Mode, for which Ray takes it for a page in a browser and refuses it. */
import { request as plain } from 'node:http'
import { request as secure } from 'node:https'

export interface RayRequest {
  readonly method?: 'GET' | 'PUT' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  readonly timeoutMs?: number // for the whole answer; 30 s unless told
}

export interface RayAnswer {
  readonly status: number
  readonly body: AsyncIterable<Uint8Array> // to be read, or `drop`ped
  drop(): void
}

/** Redirects are not followed: the token is for this host alone. @throws the system's error where no answer begins */
export const askRay = (
  url: string,
  { method = 'GET', headers, body, timeoutMs = 30_000 }: RayRequest,
): Promise<RayAnswer> =>
  new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? secure : plain
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const signal = AbortSignal.timeout(timeoutMs)
    const asked = send(url, { method, headers: { ...headers, ...length }, signal }, (answer) =>
      resolve({ status: answer.statusCode ?? 0, body: answer, drop: () => answer.resume() }),
    )
    asked.on('error', reject)
    asked.end(body)
  })

export const textOf = async ({ body }: RayAnswer): Promise<string> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
