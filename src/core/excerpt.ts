import type { AssistantTurn, Message, Transcript } from './contract.ts'

/** Longest excerpt of a student's, tool's or user's text in a report, in UTF-16 units. */
const longestExcerpt = 2000
const longestResult = 300

const esc = String.fromCharCode(27)
const bell = String.fromCharCode(7)
const ansi = new RegExp(`${esc}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${esc}${bell}]*(?:${bell}|${esc}\\\\)?)`, 'g')
/** Control, format (bidi, zero-width, tags), lone surrogates and variation selectors: what a reader cannot see. */
const unseen = /(?![\n\t])(?:\p{Cc}|\p{Cf}|\p{Cs}|\p{Variation_Selector}|[\u{E0000}-\u{E0FFF}])/gu

/** Text of others, fit to be shown: capped, and without anything that is not seen. It stays data, whoever reads it. */
export const excerpt = (text: string, most = longestExcerpt): string => {
  // cut first: a megabyte of escapes must not cost a megabyte of work
  const plain = text
    .slice(0, most * 4)
    .replace(ansi, '')
    .replaceAll('\r\n', '\n')
    .replace(/[\u2028\u2029]/gu, '\n')
    .replace(unseen, '')
    .trim()
  if (plain.length <= most && text.length <= most * 4) return plain
  return `${plain.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
}

/** The last thing that the user asked. */
export const requestOf = (transcript: Transcript): string =>
  excerpt(transcript.findLast(({ role }) => role === 'user')?.content ?? '')

/** What came after it: the student's words and calls, and what the tools answered. */
export const replyOf = (transcript: Transcript): string =>
  excerpt(
    transcript
      .slice(transcript.findLastIndex(({ role }) => role === 'user') + 1)
      .map(turnText)
      .filter((text) => text !== '')
      .join('\n'),
  )

const turnText = (message: Message): string => {
  if (message.role === 'tool') return `→ ${message.isError ? 'error: ' : ''}${excerpt(message.content, longestResult)}`
  if (message.role !== 'assistant') return ''
  return [message.content.trim(), ...callsOf(message)].filter((line) => line !== '').join('\n')
}

/** `read_file({"path":"notes.txt"})`, one a line. */
const callsOf = ({ toolCalls = [] }: AssistantTurn): string[] =>
  toolCalls.map((call) => `${call.name}(${JSON.stringify(call.arguments) ?? ''})`)
