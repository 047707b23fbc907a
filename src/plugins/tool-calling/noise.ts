import type { Piece } from '../../skill.ts'

/** How often a request is roughened at all, and how. Light: the words and the values stay. */
const lowerCase = 0.15
const noFinalStop = 0.35
const greeting = 0.06
const thanks = 0.08

const greetings = ['hey, ', 'hi, ', 'Hi! ', 'Hello, ', 'ok, ', 'Hey there, ']
const endings = [' please', ', please', ' thanks', ', thanks', ' thx']

/**
 * The surface of a request as people type: a small first letter, no final stop, a greeting, a thank you. A final stop
 * goes only where the template wrote it, never one that belongs to a value, and nothing follows a bare last value.
 */
export const roughen = (request: string, pieces: readonly Piece[], random: () => number): string => {
  const first = pieces[0]
  const last = pieces.at(-1)
  let text = request
  // drawn in any case, so that one template's form does not shift the draws of the next step
  const [small, bare, greets, thankful] = [random(), random(), random(), random()]
  const [hello, ending] = [random(), random()]
  const ordinary = typeof first === 'string' && /^[A-Z](?:[a-z]|\s)/.test(first) && !/^I(?:\b|')/.test(first)
  if (ordinary && (small < lowerCase || greets < greeting)) text = text[0]?.toLowerCase() + text.slice(1)
  const endsPlain = typeof last === 'string'
  if (endsPlain && last.endsWith('.') && !last.endsWith('..') && bare < noFinalStop) text = text.slice(0, -1)
  if (endsPlain && thankful < thanks && !/please|pls|thx|thanks|\?$/i.test(request))
    text = text.replace(/\.$/, '') + chosen(endings, ending)
  return greets < greeting && !/^(hi|hey|hello|good|ok)\b/i.test(request) ? chosen(greetings, hello) + text : text
}

const chosen = (values: readonly string[], at: number): string => values[Math.floor(at * values.length)] ?? ''
