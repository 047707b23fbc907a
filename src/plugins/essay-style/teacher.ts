import {
  Diversity,
  type GenerateContext,
  isWhetError,
  type Llm,
  mulberry32,
  sample,
  seedFrom,
  shuffle,
  Tally,
} from '../../skill.ts'
import { heard } from './brainstorm.ts'
import type { Definition } from './definition.ts'
import { plainDraft, written } from './draft.ts'
import { begin } from './gold.ts'
import { grade } from './grade.ts'
import { type Disturbance, type Draft, disturbances, type Item, relations } from './item.ts'
import { type Pools, poolsOf } from './material.ts'
import { faultOfSpeech, type Plan, planOf, type Truth, truthOf } from './teacher-check.ts'
import { Reading, Speech, Voiced } from './teacher-forms.ts'
import { readingPrompt, speechPrompt, voicePrompt } from './teacher-prompts.ts'
import { passagesOf } from './voice/passages.ts'
import { textsOf } from './voice/source.ts'

/** Words of a text that one reading shows: long enough for five ideas. */
const partWords = 700
const tries = 3 // parts to an item that is wanted, at most: a teacher of poor yield ends
const atOnce = 4
/** Ideas that follow from each other read alike: of so many disturbances a brainstorm is still understood. */
const fewest = 2

export interface Wish {
  readonly rows: number
  readonly sizes: readonly number[] // ideas of an item
  readonly disturbance?: readonly string[] | undefined // one of these must occur
  readonly seed: number
}

/**
 * Outlines to train on out of the author's own texts: a teacher reads a part of a text and gives its ideas, each with the sentence that
 * says it, then says them as somebody who thinks aloud, then writes the plain outline again in the author's voice. Ideas are kept
 * where their sentences stand in the text, a brainstorm where it says all of them in the order that was planned, an outline
 * where the skill's own grader finds no fault; without one the item keeps the plain outline. What falls is counted by reason.
 * Trouble with the teacher ends its part, no more.
 */
export async function* writtenItems(
  wish: Wish,
  definition: Definition,
  context: GenerateContext,
): AsyncGenerator<Item> {
  const { teacher, signal } = context
  if (!teacher || wish.rows === 0) return
  const texts = await textsOf(definition.voice.source, { signal })
  if (texts.length === 0)
    return context.progress(0, 0, "the author's texts are gone or changed: the teacher has nothing to read")
  const random = mulberry32(seedFrom('texts', wish.seed))
  const parts = shuffle(random, texts.flatMap(({ name, text }) => passagesOf(text, partWords).map((part) => ({ name, text: part })))) // biome-ignore format: one list
  const tallies = { ideas: new Tally('ideas of texts'), speech: new Tally('brainstorms'), voice: new Tally('outlines in the voice') } // biome-ignore format: one line
  const asking: Asking = { teacher, wish, definition, context, tallies, pools: poolsOf(definition.material, 'train'), diversity: new Diversity(context.embed), over: false } // biome-ignore format: one line
  let made = 0
  try {
    const most = Math.min(parts.length, tries * wish.rows)
    for (let at = 0; at < most && made < wish.rows && !asking.over; ) {
      signal.throwIfAborted()
      context.progress(made, wish.rows, 'brainstorms of the teacher')
      const batch = parts.slice(at, at + Math.min(atOnce, wish.rows - made))
      const first = at
      at += batch.length
      const found = await Promise.all(batch.map((part, n) => itemOf(part, first + n, asking)))
      for (const item of found.filter((each) => each !== undefined)) {
        made += 1
        await asking.diversity.add(item.brainstorm)
        yield item
      }
    }
  } finally {
    const { ideas, speech, voice } = tallies
    const told = [ideas.result(), speech.result(asking.diversity.measured), voice.result()]
    for (const one of told) context.yielded?.(one)
  }
}

interface Asking {
  readonly teacher: Llm
  readonly wish: Wish
  readonly definition: Definition
  readonly context: GenerateContext
  readonly tallies: Readonly<Record<'ideas' | 'speech' | 'voice', Tally>>
  readonly pools: Pools
  readonly diversity: Diversity // of the brainstorms
  over: boolean // the teacher cannot be asked any more
}

interface Part {
  readonly name: string
  readonly text: string
}

const itemOf = async ({ name, text }: Part, number: number, asking: Asking): Promise<Item | undefined> => {
  const { teacher, definition, wish, tallies, pools } = asking
  const { contract } = definition
  const seed = seedFrom(wish.seed, name, number)
  const random = mulberry32(seed)
  const [size = 4] = sample(random, wish.sizes, 1)
  const read = await ask(asking, () => teacher.complete(readingPrompt(text, size, contract.brainstorm.claims), Reading))
  if (!read) return undefined
  const truth = judged(truthOf(read, text, size, definition), tallies.ideas)
  if (!truth) return undefined
  const plan = planOf(truth, disturbancesFor(wish, seed), pools, seed)
  const speech = await ask(asking, () =>
    teacher.complete(speechPrompt(truth, plan, contract, asking.diversity.advice), Speech),
  )
  if (!speech) return undefined
  const brainstorm = speech.brainstorm.trim()
  const plainItem = asItem(truth, plan, brainstorm, name)
  const fault = faultOfSpeech(brainstorm, truth, plan, definition) ?? (await faultOf(plainItem, definition, asking))
  if (!judged(fault ?? plainItem, tallies.speech)) return undefined
  const [passage = ''] = passagesOf(text, 200)
  const voiced = await ask(asking, () => teacher.complete(voicePrompt(plainItem, passage, contract), Voiced))
  const own = voiced && { ...plainItem, draft: draftFrom(plainItem, voiced, definition) }
  const wrong = own && (await faultOf(own, definition, asking))
  return (own && judged(wrong ?? own, tallies.voice)) || plainItem
}

/** Counts what was written: a reason is a fall. */
const judged = <T>(found: T | string, tally: Tally): T | undefined => {
  tally.wrote(1)
  if (typeof found === 'string') tally.fall(found)
  else tally.keep()
  return typeof found === 'string' ? undefined : found
}

/** The budget and the config are the run's business; a teacher that fails is only one source of items less. */
const ask = async <T>(asking: Asking, question: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await question()
  } catch (error) {
    if (!isWhetError(error) || error.fixedBy !== 'service') throw error
    if (!asking.over) asking.context.progress(0, 0, `teacher: no further brainstorms (${error.code})`)
    asking.over = true
    return undefined
  }
}

const disturbancesFor = ({ disturbance: wanted }: Wish, seed: number): Disturbance[] => {
  const random = mulberry32(seedFrom('disturbed', seed))
  const forced = sample(random, disturbances.filter((each) => wanted?.includes(each)), 1) // biome-ignore format: one line
  const free = disturbances.filter((each) => !forced.includes(each))
  const all = [...forced, ...sample(random, free, fewest - forced.length + Math.floor(random() * 2))]
  return disturbances.filter((each) => all.includes(each))
}

const asItem = (truth: Truth, plan: Plan, brainstorm: string, name: string): Item => {
  const ideas = heard(truth.ideas, plan.moved)
  const slip = plan.disturbances.includes('correction')
  const { topic, thesis, stands, tone } = truth
  return {
    id: `text-${seedFrom(brainstorm).toString(36)}`,
    family: `text:${name}`,
    tags: {
      kind: ['outline'],
      disturbance: [...plan.disturbances],
      relation: relations.filter((each) => ideas.some(({ relation }) => relation === each)),
      ideas: [String(ideas.length)],
    },
    ...{ kind: 'outline', topic, thesis, stands, tone, ideas, spoken: plan.spoken, brainstorm, source: name },
    tangents: plan.tangent ? [plan.tangent] : [],
    withdrawn: slip ? [{ subject: ideas[truth.slip.idea]?.subject ?? '', claim: truth.slip.claim }] : [],
  }
}

/** The plain outline with the teacher's words where it has some. */
const draftFrom = (item: Item, { sections, ...voiced }: Voiced, { contract }: Definition): Draft => {
  const draft = plainDraft(item, item.ideas, contract)
  return { ...draft, ...voiced, sections: draft.sections.map(({ heading, body }, at) => ({ heading, body: sections[at] ?? body })) } // biome-ignore format: one line
}

/** What the skill's own grader says against the item's outline. */
const faultOf = async (
  item: Item,
  definition: Definition,
  { context: { signal } }: Asking,
): Promise<string | undefined> => {
  const { contract } = definition
  const draft = item.draft ?? plainDraft(item, item.ideas, contract)
  const transcript = [...begin(item, definition).messages, { role: 'assistant' as const, content: written(draft, contract) }] // biome-ignore format: one line
  const { criteria } = await grade(item, transcript, definition, { signal })
  const failed = Object.entries(criteria).find(([name, { status }]) => name !== 'right' && (status === 'fail' || status === 'warn')) // biome-ignore format: one line
  return failed && `failing ${failed[0]}`
}
