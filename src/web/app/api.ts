/** What the page asks of its server: the registry's commands, by name. */
import { useCallback, useEffect, useState } from 'react'
import type { Answer, Question } from '../../commands/remote.ts'

export type { Question } from '../../commands/remote.ts'

export class AskError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message)
  }
}

/** @throws {AskError} with the server's code and message; `offline` where it does not answer */
export const send = async (
  command: string,
  args: object = {},
  confirm?: string,
  signal?: AbortSignal,
): Promise<Answer> => {
  const body = JSON.stringify({ args, ...(confirm !== undefined && { confirm }) })
  const response = await fetch(`/api/do/${encodeURIComponent(command)}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    ...(signal && { signal }),
  }).catch((error: Error) => {
    throw error.name === 'AbortError'
      ? error
      : new AskError('offline', 'The server does not answer. Is `whet web` still running?')
  })
  const answer = (await response.json()) as Answer | { error: { code: string; message: string } }
  if ('error' in answer) throw new AskError(answer.error.code, answer.error.message)
  return answer
}

/** The output of a command that asks nothing back. */
export const ask = async <T>(command: string, args: object = {}, signal?: AbortSignal): Promise<T> => {
  const answer = await send(command, args, undefined, signal)
  if (answer.kind === 'confirm') throw new AskError('confirm', `${command} needs a confirmation.`)
  return answer.output as T
}

/** A command's output, asked again when its arguments or `again` change. What was there stays until the next one comes. */
export const useAsk = <T>(
  command: string,
  args: object,
  again: unknown = 0,
): { data?: T; error?: AskError; reload: () => void } => {
  const [state, setState] = useState<{ data?: T; error?: AskError }>({})
  const [count, setCount] = useState(0)
  const key = JSON.stringify([command, args, again, count])
  useEffect(() => {
    const left = new AbortController()
    const [name, given] = JSON.parse(key) as [string, object]
    ask<T>(name, given, left.signal).then(
      (data) => setState({ data }),
      (error: AskError) => error.name !== 'AbortError' && setState((before) => ({ ...before, error })),
    )
    return () => left.abort()
  }, [key])
  return { ...state, reload: useCallback(() => setCount((n) => n + 1), []) }
}

/** A command that may ask back: `question` is what to show, `answer` carries it out or lets it be. */
export const useOrder = (onDone: (output: unknown) => void = () => {}) => {
  const [question, setQuestion] = useState<Question>()
  const [said, setSaid] = useState<{ text: string; bad: boolean }>()
  const [busy, setBusy] = useState(false)
  const perform = async (command: string, args: object, confirm?: string) => {
    setBusy(true)
    setSaid(undefined)
    try {
      const answer = await send(command, args, confirm)
      if (answer.kind === 'confirm') setQuestion(answer.confirm)
      else {
        const { answer: text } = (answer.output ?? {}) as { answer?: string | null }
        setSaid({
          text: text === null ? `${command}: in the inbox, taken at the next safe point` : (text ?? `${command}: done`),
          bad: false,
        })
        onDone(answer.output)
      }
    } catch (error) {
      setSaid({ text: (error as Error).message, bad: true })
    } finally {
      setBusy(false)
    }
  }
  const answer = (yes: boolean) => {
    if (question && yes) void perform(question.command, question.args, question.token)
    setQuestion(undefined)
  }
  return { perform, question, answer, said, busy }
}
