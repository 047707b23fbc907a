import type { Idea, Item } from './item.ts'
import type { Alike } from './meaning.ts'
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
  readonly byMeaning: ReadonlySet<number> // places of statements that say their idea in other words
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

/** How alike texts are, and the item, whose withdrawn claims must not be taken for ideas. */
interface Meaning {
  readonly alike: Alike
  readonly item: Item
}

/** By words, and with vectors by meaning where the words find nothing. */
export const align = (statements: readonly Statement[], ideas: readonly Idea[], meaning?: Meaning): Alignment => {
  const byWords = statements.map(({ words }) => bestIdea(words, ideas))
  const taken = new Set(byWords)
  const best = statements.map((each, at) => byWords[at] ?? (meaning && nearestIdea(each, ideas, taken, meaning)))
  const named = ideas.flatMap((idea, at) => (statements.some(({ words }) => names(words, idea)) ? [at] : []))
  return {
    statements,
    ideas: best,
    covered: new Set(best.filter((at) => at !== undefined)),
    named: new Set(named),
    byMeaning: new Set(best.flatMap((idea, at) => (idea !== undefined && byWords[at] === undefined ? [at] : []))),
  }
}

/** As the plain outline says it, so that two texts of one form are held against each other. */
export const sentenceOf = ({ subject, claims }: Pick<Idea, 'subject' | 'claims'>): string =>
  `The ${subject}\nIt ${claims.join(', and it ')}.`

/** A cosine from which on a statement says an idea, and by how much it must be nearer than all that it does not say. */
const nearEnough = 0.68
const clearlyNearer = 0.05

/** The idea that a statement says in other words; of those that no statement says by words. */
const nearestIdea = (
  statement: Statement,
  ideas: readonly Idea[],
  taken: ReadonlySet<number | undefined>,
  { alike, item }: Meaning,
): number | undefined => {
  const { text } = statement
  const near = ideas.map((idea) => alike(text, sentenceOf(idea)))
  const most = Math.max(...near)
  const best = near.indexOf(most)
  if (most < nearEnough || taken.has(best) || misattributed(statement, item, ideas)) return undefined
  const withdrawn = item.withdrawn.map(({ subject, claim }) => alike(text, sentenceOf({ subject, claims: [claim] })))
  const others = [...near.filter((_, at) => at !== best), ...withdrawn]
  return others.every((other) => most - other >= clearlyNearer) ? best : undefined
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
