/**
 * Asks an OpenAI-compatible endpoint for its models, which costs nothing. Any answer but a server's own failure will do: not every
 * server has this page, and a wrong key is told by the first real call.
 * @param baseUrl with or without /v1
 * @throws Error whose message says why nobody is well there
 */
export const checkEndpoint = async (baseUrl: string, key: string | undefined, signal: AbortSignal): Promise<void> => {
  const response = await fetch(`${apiBase(baseUrl)}/models`, {
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    redirect: 'manual', // the key is for this address alone
    signal,
  }).catch((error: { cause?: { code?: unknown } }) => {
    throw new Error(typeof error.cause?.code === 'string' ? `nobody answers (${error.cause.code})` : 'nobody answers')
  })
  await response.body?.cancel()
  if (response.status >= 500) throw new Error(`it answers with HTTP ${response.status}`)
}

/** An address as its calls begin: with its /v1 where it names no path, without a slash at the end. */
export const apiBase = (baseUrl: string): string => {
  const address = new URL(baseUrl)
  if (address.pathname === '/') address.pathname = '/v1'
  return address.href.replace(/\/$/, '')
}
