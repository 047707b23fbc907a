import { judgeQuestion, type Llm, mulberry32, quoted, sample, seedFrom, type Verdict } from '../../skill.ts'
import type { Definition } from './definition.ts'
import { passagesOf } from './voice/passages.ts'
import { type Source, textsOf } from './voice/source.ts'

/** Passages that show a voice, and words of each: more would cost more than they tell. */
const shown = 3
const passageWords = 150
const longest = 2000 // characters of one

const samples = new Map<string, Promise<readonly string[]>>()

/** Passages of the author's texts, drawn once a process; none where the texts are gone. */
const samplesOf = async (
  { voice: { source, author } }: Definition,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const key = JSON.stringify(source ?? author.name)
  const drawn = samples.get(key) ?? draw(author.name, source, signal)
  samples.set(key, drawn)
  return drawn.catch((error) => {
    samples.delete(key)
    throw error
  })
}

const draw = async (author: string, source: Source | undefined, signal: AbortSignal): Promise<readonly string[]> => {
  const texts = await textsOf(source, { signal })
  const passages = texts.flatMap(({ text }) => passagesOf(text, passageWords))
  return sample(mulberry32(seedFrom('samples', author)), passages, Math.min(shown, passages.length))
}

export interface Hearing {
  readonly judge: Llm
  readonly signal: AbortSignal
  readonly question: string
  readonly passAt: number
  readonly warnAt?: number
}

/** Whether a judge hears the author in a reply. It is shown passages of the author's texts, the same ones every time. */
export const judgeLikeness = async (
  reply: string,
  definition: Definition,
  { judge, signal, question, ...thresholds }: Hearing,
): Promise<Verdict> => {
  const passages = await samplesOf(definition, signal)
  if (passages.length === 0) return { status: 'ungraded', reason: "the author's texts are gone or changed" }
  const asked = `${question}\n\nSamples of the author's writing:\n${quoted(passages, longest)}`
  return judgeQuestion(judge, { question: asked, ...thresholds }, [{ role: 'assistant', content: reply }])
}
