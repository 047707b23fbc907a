import type { Idea, Item } from './item.ts'
import { longestRead, type Named, type Outline, type Part } from './parse.ts'
import { contentWords, shareIn } from './words.ts'

/** A piece of the reply that says something: a section with its heading, or a sentence where there are no sections. */
export interface Statement {
  readonly text: string
  readonly words: ReadonlySet<string>
}

/** Which idea each statement is about, by the words that it shares with the idea's subject and claims. */
export interface Alignment {
  readonly statements: readonly Statement[]
  readonly ideas: readonly (number | undefined)[] // of each statement: the place of the idea that it covers
  readonly covered: ReadonlySet<number>
  readonly named: ReadonlySet<number> // ideas whose subject is named somewhere, covered or not
}

/** Share of a claim's words that have to be there: of "hides old debts" two of three, so that a paraphrase may turn one word. */
const claimShare = 0.6

export const statementOf = (text: string): Statement => ({ text, words: new Set(contentWords(text)) })

export const textOfPart = ({ heading, paragraphs, bullets }: Part): string =>
  [heading, ...paragraphs, ...bullets.map(({ text }) => text)].join('\n')

/** What ideas are looked for in: the sections, or, in a reply without any, each three clauses in a row. */
export const passagesOf = (reply: string, { sections }: Named): Statement[] => {
  if (sections.length > 0) return sections.map((part) => statementOf(textOfPart(part)))
  const clauses = clausesOf(reply)
  return clauses.map((_, at) => statementOf(clauses.slice(at, at + 3).join(' ')))
}

/** Speech has commas where writing has full stops. */
export const clausesOf = (reply: string): string[] =>
  reply
    .slice(0, longestRead)
    .split(/[.!?,;:\n]+/)
    .filter((clause) => clause.trim() !== '')

export const align = (statements: readonly Statement[], ideas: readonly Idea[]): Alignment => {
  const best = statements.map(({ words }) => bestIdea(words, ideas))
  const named = ideas.flatMap((idea, at) => (statements.some(({ words }) => names(words, idea)) ? [at] : []))
  return { statements, ideas: best, covered: new Set(best.filter((at) => at !== undefined)), named: new Set(named) }
}

const names = (words: ReadonlySet<string>, { subject }: Idea) => shareIn(contentWords(subject), words) === 1

/** The idea whose subject is named and of whose claims enough is said; of two, the one of which more is. */
const bestIdea = (words: ReadonlySet<string>, ideas: readonly Idea[]): number | undefined => {
  const fits = ideas.map((idea) =>
    names(words, idea) ? Math.min(...idea.claims.map((claim) => shareIn(contentWords(claim), words))) : 0,
  )
  const most = Math.max(0, ...fits)
  return most >= claimShare ? fits.indexOf(most) : undefined
}

/** Whether a statement says of one subject what was said of another, or was taken back. */
export const misattributed = ({ words }: Statement, item: Item, ideas: readonly Idea[]): boolean => {
  const of = ideas.findIndex((idea) => names(words, idea))
  if (of < 0) return false
  const own = new Set((ideas[of] as Idea).claims.flatMap(contentWords))
  const others = [
    ...ideas.flatMap(({ claims }, at) => (at === of ? [] : claims)),
    ...item.withdrawn.map(({ claim }) => claim),
  ]
  return others.some((claim) => {
    const foreign = contentWords(claim).filter((word) => !own.has(word))
    return foreign.length > 1 && shareIn(foreign, words) === 1
  })
}

/** Content of the outline outside its sections, each piece a statement of its own. */
export const otherStatements = ({ opening, titles }: Outline, { overview, tone, themes, next }: Named): Statement[] =>
  [
    ...opening,
    ...titles,
    ...[overview, tone, themes, next].flatMap((part) =>
      part ? [...part.paragraphs, ...part.bullets.map(({ text }) => text)] : [],
    ),
  ].map(statementOf)
