/** A `fetch` that never reads more than a student may say, and that tells the SDK which failures are not worth a retry. */

/** Longest body read, bytes. */
export const bodyCap = 1 << 20
const cutHeader = 'x-whetstone-cut'

/** Whether the body was longer than `bodyCap` and its rest was left unread. */
export const isCut = (response: Response): boolean => response.headers.get(cutHeader) === '1'

export const cappedFetch: typeof fetch = async (input, init) => {
  const response = await fetch(input, init)
  const { text, cut } = await readCapped(response)
  const headers = new Headers(response.headers)
  for (const name of ['content-length', 'content-encoding', cutHeader]) headers.delete(name)
  if (cut) headers.set(cutHeader, '1')
  if (response.status === 500 && parseFailure(text) !== false) headers.set('x-should-retry', 'false') // same prompt, same words
  const body = [204, 205, 304].includes(response.status) ? null : text
  return new Response(body, { status: response.status, statusText: response.statusText, headers })
}

/** The body's text, at most so many bytes of it. */
export const readCapped = async (response: Response, cap = bodyCap): Promise<{ text: string; cut: boolean }> => {
  const chunks: Uint8Array[] = []
  let length = 0
  if (response.body)
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      chunks.push(chunk)
      length += chunk.length
      if (length > cap) break // leaving the loop cancels the rest
    }
  return { text: Buffer.concat(chunks).subarray(0, cap).toString(), cut: length > cap }
}

/**
 * llama.cpp answers HTTP 500 when it cannot read the student's words as a tool call. The words themselves, where it quotes
 * them, or a marked remark in their place; false for any other failure.
 */
export const parseFailure = (body: string): string | false => {
  const message = body.match(/(?:failed to parse|parse error|parse_error|unable to parse|could not parse)[\s\S]*/i)?.[0]
  if (message === undefined || /^failed to parse (messages|tools|tool_choice|template|request)/i.test(message))
    return false
  const words = message.match(/at pos(?:ition)? \d+: ?([\s\S]+)/i)?.[1]
  return words?.trim() ? words : '[the server could not parse the reply of the student as a tool call]'
}
