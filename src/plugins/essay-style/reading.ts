import {
  type Alignment,
  align,
  clausesOf,
  misattributed,
  otherStatements,
  passagesOf,
  type Statement,
  sentenceOf,
  statementOf,
  textOfPart,
} from './align.ts'
import type { FrozenContract } from './contract.ts'
import type { Definition } from './definition.ts'
import type { Idea, Item } from './item.ts'
import { type Alike, alikeIn } from './meaning.ts'
import { longestRead, type Named, namedParts, type Outline, parseOutline } from './parse.ts'
import type { Turns } from './turns.ts'
import { sentencesOf } from './voice/words.ts'
import { contentWords } from './words.ts'

/** A reply as it is judged and shown: which ideas it holds, and which of its statements nobody made. */
export interface Reading {
  readonly outline: Outline
  readonly named: Named
  readonly ideas: readonly Idea[] // that it has to hold
  readonly aligned: Alignment
  readonly spoken: readonly Statement[] // all that it says
  readonly invented: readonly Statement[]
  readonly wrong: readonly Statement[] // said of the wrong subject, or taken back by the author
}

/** The ideas that the judged text has to hold: after feedback those of the revision. */
export const ideasOf = (item: Item, { second }: Turns): readonly Idea[] =>
  second !== undefined && item.feedback ? item.feedback.ideas : item.ideas

/** Vectors of the texts that ideas are looked for in, and of the ideas; undefined where no embedding model is configured. */
export const alikeFor = async (
  item: Item,
  turns: Turns,
  definition: Pick<Definition, 'contract' | 'embeddings'>,
  signal: AbortSignal,
): Promise<Alike | undefined> => {
  if (!definition.embeddings) return undefined
  const { sections } = namedParts(parseOutline(turns.last), definition.contract)
  const prose = item.kind === 'passage' && turns.second !== undefined
  const said = prose ? sentencesOf(turns.last.slice(0, longestRead)) : sections.map(textOfPart)
  const meant = [...item.ideas, ...(item.feedback?.ideas ?? [])].map(sentenceOf)
  const taken = item.withdrawn.map(({ subject, claim }) => sentenceOf({ subject, claims: [claim] }))
  return alikeIn([...said, ...meant, ...taken], definition, signal)
}

/** More new words than this, and a statement is not what the author said. */
const newWords = 1 / 3

export const readReply = (item: Item, turns: Turns, contract: FrozenContract, alike?: Alike): Reading => {
  const outline = parseOutline(turns.last)
  const named = namedParts(outline, contract)
  const ideas = ideasOf(item, turns)
  const passages = passagesOf(turns.last, named)
  const inSections = named.sections.length > 0
  const sections = inSections ? passages : []
  const others = inSections ? otherStatements(outline, named) : clausesOf(turns.last).map(statementOf)
  const spoken = [...sections, ...others].filter(({ words }) => words.size > 0)
  const isNew = newTo(knownWords(item, turns, contract))
  const aligned = align(passages, ideas, alike && { alike, item })
  // what says an idea in other words is not invented, however new its words are
  const reworded = new Set([...aligned.byMeaning].map((at) => passages[at]))
  const invented = spoken.filter(
    (each) => !reworded.has(each) && (isNew([...each.words]) || (sections.includes(each) && isNew(headWords(each)))),
  )
  // a section that says an idea rightly may share a word with another one
  const unsaid = sections.filter((_, at) => aligned.ideas[at] === undefined)
  const wrong = unsaid.filter((each) => !invented.includes(each) && misattributed(each, item, ideas))
  return { outline, named, ideas, aligned, spoken, invented, wrong }
}

/** The words that an outline may use: what was said, the contract's own headings, and words about writing. */
const knownWords = (item: Item, { told }: Turns, contract: FrozenContract): Set<string> => {
  const headings = [contract.overview, contract.tone, contract.themes, contract.next].map(({ heading }) => heading)
  return new Set(contentWords([told, item.topic, ...headings, ...contract.phrases.editorial].join(' ')))
}

const newTo = (known: ReadonlySet<string>) => (words: readonly string[]) =>
  words.filter((word) => !known.has(word)).length > newWords * words.length

/** Of a section those of its heading: what nobody spoke of is no part of the essay, whatever is then said of it. */
const headWords = ({ text }: Statement) => contentWords(text.split('\n')[0] ?? '')
