import { judgeQuestion, type Llm, mulberry32, quoted, sample, seedFrom, type Verdict } from '../../skill.ts'
import type { Definition } from './definition.ts'
import { passagesOf } from './voice/passages.ts'
import { textsOf } from './voice/source.ts'

/** Passages that show a voice, and words of each: more would cost more than they tell. */
const shown = 3
const passageWords = 150
const longest = 2000 // characters of one

const samples = new Map<string, Promise<readonly string[]>>()

/** Whether a judge hears the author in a reply. It is shown passages of the author's texts, the same ones every time. */
export const judgeLikeness = async (
  reply: string,
  { voice: { source, author } }: Definition,
  { judge, signal, question, passAt, warnAt }: { readonly judge: Llm; readonly signal: AbortSignal; readonly question: string; readonly passAt: number; readonly warnAt?: number }, // biome-ignore format: one line
): Promise<Verdict> => {
  const key = JSON.stringify(source)
  const known = samples.get(key) ?? textsOf(source, { signal }).then((texts) => {
    const passages = texts.flatMap(({ text }) => passagesOf(text, passageWords))
    return sample(mulberry32(seedFrom('samples', author.name)), passages, Math.min(shown, passages.length))
  }) // biome-ignore format: one step
  samples.set(key, known)
  const passages = await known.catch((error) => {
    samples.delete(key)
    throw error
  })
  if (passages.length === 0) return { status: 'ungraded', reason: "the author's texts are gone or changed" }
  const asked = `${question}\n\nSamples of the author's writing:\n${quoted(passages, longest)}`
  return judgeQuestion(judge, { question: asked, passAt, ...(warnAt !== undefined && { warnAt }) }, [{ role: 'assistant', content: reply }]) // biome-ignore format: one line
}
