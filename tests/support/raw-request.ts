import { request } from 'node:http'

export interface RawRequest {
  readonly path: string
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** A request with any header, the Host too: fetch sets some by itself. @returns its status and the code of its error */
export const rawRequest = (port: number, options: RawRequest) =>
  new Promise<{ status: number; code: string }>((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, ...options }, (answer) => {
      let text = ''
      answer.on('data', (chunk) => (text += chunk))
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, code: /"code":"([^"]+)"/.exec(text)?.[1] ?? '' }),
      )
    })
    asked.on('error', reject)
    asked.end(options.body)
  })
