import type { FrozenContract } from './contract.ts'
import type { FailureTag } from './failure-tags.ts'
import type { Named, Outline, Part } from './parse.ts'
import { countWords, sentencesOf, wordsOf } from './voice/words.ts'
import { contentWords, firstHeld, holds, shareIn } from './words.ts'

/** What the rules know of the item: what was said, and what has to be in the right place. */
export interface RuleContext {
  readonly outline: Outline
  readonly named: Named
  readonly reply: string
  readonly contract: FrozenContract
  readonly said: ReadonlySet<string> // content words of all that the author has said
  readonly thesis: string | undefined // undefined where the author never said one
  readonly subjects: readonly string[]
}

/** Undefined: the rule is kept. Otherwise how it is broken. */
type Broken = { readonly what: string; readonly tag: FailureTag } | undefined
type Rule = (context: RuleContext) => Broken

const broken = (what: string, tag: FailureTag): Broken => ({ what, tag })
const within = (n: number, [least, most]: readonly [number, number]) => n >= least && n <= most
const textOf = (part: Part) => [...part.paragraphs, ...part.bullets.map(({ text }) => text)].join(' ')

const opening: Rule = ({ outline, contract }) => {
  const { paragraphs } = contract.opening
  if (outline.opening.length !== paragraphs)
    return broken(`the opening has ${outline.opening.length} paragraphs, not ${paragraphs}`, 'missing-part')
  const text = outline.opening.join(' ')
  const words = countWords(text)
  if (!within(words, contract.opening.words)) return broken(`the opening has ${words} words`, 'section-length')
  if (!/\byou(?:r|rs|rself)?\b/i.test(text)) return broken('the opening does not speak to the author', 'third-person')
  return /\?/.test(text) || /\b(?:but|yet|still|although|what if)\b/i.test(text)
    ? undefined
    : broken('the opening does not challenge', 'no-challenge')
}
const noPraise: Rule = ({ outline, contract }) => {
  const word = firstHeld(outline.opening.join(' '), contract.phrases.praise)
  return word ? broken(`the opening praises: "${word}"`, 'praise') : undefined
}
const title: Rule = ({ outline: { titles } }) => {
  if (titles.length !== 1) return broken(`there are ${titles.length} titles`, 'missing-part')
  return countWords(titles[0] ?? '') < 2 ? broken('the title is no title', 'generic-heading') : undefined
}
const overview: Rule = ({ named, contract, thesis, subjects }) => {
  const part = named.overview
  if (!part) return broken(`there is no ${contract.overview.heading}`, 'missing-part')
  if (part.paragraphs.length !== contract.overview.paragraphs)
    return broken(
      `the overview has ${part.paragraphs.length} paragraphs, not ${contract.overview.paragraphs}`,
      'missing-part',
    )
  const words = new Set(contentWords(textOf(part)))
  if (thesis !== undefined && shareIn(contentWords(thesis), words) < 0.6)
    return broken('the overview does not say the thesis', 'no-thesis')
  return subjects.some((subject) => holds(textOf(part), subject))
    ? undefined
    : broken('the approach in the overview names no idea', 'missing-part')
}
const sectionCount: Rule = ({ named: { sections }, contract: { sections: wanted } }) =>
  within(sections.length, wanted.count)
    ? undefined
    : broken(`there are ${sections.length} sections, ${wanted.count.join(' to ')} are wanted`, 'section-count')
const headings: Rule = ({ named: { sections }, contract, subjects }) => {
  const all = sections.map(({ heading }) => heading)
  const editorial = new Set(contentWords(contract.phrases.editorial.join(' ')))
  const numbered = all.find((heading) => /^\s*(?:\d+[.):]|[ivx]+[.):]|part\s+\w+|section\s+\w+)/i.test(heading))
  if (numbered) return broken(`the heading "${numbered}" counts`, 'numbered-heading')
  const generic = all.find(
    (heading) =>
      contract.phrases.genericHeadings.some(
        (each) => holds(heading, each) && countWords(heading) <= countWords(each) + 2,
      ) ||
      (contentWords(heading).every((word) => editorial.has(word)) &&
        !subjects.some((subject) => holds(heading, subject))),
  )
  if (generic !== undefined) return broken(`the heading "${generic}" could stand in any essay`, 'generic-heading')
  return new Set(all.map((heading) => heading.toLowerCase())).size < all.length
    ? broken('two sections have one heading', 'generic-heading')
    : undefined
}
const sectionProse: Rule = ({ named: { sections }, contract: { sections: wanted } }) => {
  const listed = sections.find(({ bullets }) => bullets.length > 0)
  if (listed) return broken(`the section "${listed.heading}" is a list, not an argument`, 'flat-list')
  const odd = sections.find((part) => !within(sentencesOf(textOf(part)).length, wanted.sentences))
  return odd
    ? broken(`the section "${odd.heading}" has ${sentencesOf(textOf(odd)).length} sentences`, 'section-length')
    : undefined
}
const tone: Rule = ({ named, contract }) =>
  named.tone && countWords(textOf(named.tone)) > 0
    ? undefined
    : broken(`there is no ${contract.tone.heading}`, 'missing-part')
const themes: Rule = ({ named, contract: { themes: wanted } }) => {
  if (!named.themes) return broken(`there is no ${wanted.heading}`, 'missing-part')
  const { bullets } = named.themes
  if (!within(bullets.length, wanted.bullets)) return broken(`there are ${bullets.length} themes`, 'missing-part')
  return bullets.every(({ bold }) => bold !== '') ? undefined : broken('a theme has no name in bold', 'missing-part')
}
const steps: Rule = ({ named, contract: { next: wanted, phrases }, said }) => {
  if (!named.next) return broken(`there is no ${wanted.heading}`, 'missing-part')
  const { bullets, paragraphs } = named.next
  if (!within(bullets.length, wanted.bullets)) return broken(`there are ${bullets.length} next steps`, 'missing-part')
  if (paragraphs.length === 0) return broken('no sentence leads to the next steps', 'missing-part')
  const vague = bullets.find(
    ({ text }) =>
      firstHeld(text, phrases.vagueSteps) !== undefined || !contentWords(text).some((word) => said.has(word)),
  )
  return vague ? broken(`the next step "${vague.text}" fits any essay`, 'generic-step') : undefined
}
const inOrder: Rule = ({ named: { order } }) => {
  const places = ['overview', 'section', 'tone', 'themes', 'next']
  const ranks = order.map((role) => places.indexOf(role))
  return ranks.every((rank, at) => at === 0 || rank >= (ranks[at - 1] ?? 0))
    ? undefined
    : broken('the parts are out of order', 'part-order')
}
const secondPerson: Rule = ({ reply, contract }) => {
  const word = firstHeld(reply, contract.phrases.thirdPerson)
  return word ? broken(`it speaks of "${word}"`, 'third-person') : undefined
}
const nothingElse: Rule = ({ outline, reply, contract, named }) => {
  const [first = ''] = outline.opening
  const opens = wordsOf(first).join(' ')
  const begins = contract.phrases.preambles.find((each) => `${opens} `.startsWith(`${wordsOf(each).join(' ')} `))
  if (begins) return broken(`it begins with "${begins}"`, 'preamble')
  const ends = firstHeld([...(named.next?.paragraphs.slice(1) ?? [])].join(' '), contract.phrases.preambles)
  if (ends || /\b(?:let me know|i hope this)\b/i.test(reply)) return broken('it chats around the outline', 'preamble')
  return undefined
}
const plainForm: Rule = ({ outline: { odd } }) =>
  odd.length > 0 ? broken(`it holds ${odd.join(', ')}`, 'over-formatted') : undefined

/** Every countable rule of an outline, in the order of its parts. */
export const rules: readonly Rule[] = [
  ...[opening, noPraise, title, overview, sectionCount, headings, sectionProse],
  ...[tone, themes, steps, inOrder, secondPerson, nothingElse, plainForm],
]
