import { stringify } from 'yaml'
import { isWhetError, type ToolSchema } from '../../skill.ts'
import { checkCoverage } from './coverage.ts'
import type { Definition } from './definition.ts'
import { draftArguments, wordsOf } from './draft-arguments.ts'
import { bare, foreign, openers, refusal, worded } from './draft-words.ts'
import { familiesOf, togetherOf } from './families.ts'
import { makeMenus } from './menus.ts'
import { Options } from './options.ts'
import { packProblems } from './pack-check.ts'
import { Pack } from './pack-schema.ts'

/** A drafted pack, and the tools that it has no words for, with the reason. */
export interface Draft {
  readonly pack: Pack
  readonly content: DraftContent // the same as it is written, pools not drawn out
  readonly text: string // YAML, with a comment that says what it is
  readonly skipped: readonly string[]
}

interface DraftContent {
  readonly tools: Readonly<Record<string, DraftedTool>>
  readonly [key: string]: unknown
}

interface DraftedTool {
  readonly say: { readonly direct: readonly string[]; readonly indirect?: readonly string[] }
  readonly [key: string]: unknown
}

/** With fewer wordings some split may lack a kind of request, so more are tried. */
const wordings = [8, 12, 16, 24, 30, 60, 120]

/**
 * Words requests for tools that nobody has worded yet, from their names, descriptions, enums and examples. It is a draft: the truth of each request
 * is right by construction, and its English is as plain as the schema's. Undefined where no tool can be worded.
 */
export const draftPack = (tools: readonly ToolSchema[], source: string): Draft | undefined => {
  let last: Draft | undefined
  // of few tools not every split can join two requests: then none does
  for (const joins of [true, false])
    for (const count of wordings) {
      const drafted = draftOf(tools, source, count, joins)
      if (!drafted) return undefined
      last = drafted
      if (covers(drafted.pack, tools)) return drafted
    }
  return last
}

const draftOf = (tools: readonly ToolSchema[], source: string, count: number, joins: boolean): Draft | undefined => {
  const pools: Record<string, unknown> = {}
  const drafted: Record<string, DraftedTool> = {}
  const skipped: string[] = []
  for (const tool of tools) {
    const made = draftTool(tool, count, pools)
    if (typeof made === 'string') skipped.push(`${tool.name}: ${made}`)
    else drafted[tool.name] = made
  }
  if (Object.keys(drafted).length === 0) return undefined
  const content = {
    pack: 1 as const,
    for: source,
    pools,
    tools: drafted,
    join: joins ? joinings : [],
    decline: { say: strange(tools), reply: [refusal] },
  }
  const pack = Pack.parse(content)
  // what the check would refuse is left out here, tool by tool
  const wrong = new Set(packProblems(pack, tools).map(({ at }) => at.split('.')[1] ?? ''))
  if (wrong.size > 0 && wrong.size < Object.keys(drafted).length)
    return draftOf(
      tools.filter(({ name }) => !wrong.has(name)),
      source,
      count,
      joins,
    )
  return written(content, skipped)
}

/** A draft of this content. @throws {ZodError} where it is no pack */
export const written = (content: DraftContent, skipped: readonly string[]): Draft => ({
  ...{ pack: Pack.parse(content), content, skipped },
  text: `${headline(skipped)}${stringify(content, { lineWidth: 0 })}`,
})

const joinings = [
  { say: '{first}, then {second}', order: 'bound' },
  { say: '{first}. Also, {second}', order: 'free' },
]

const headline = (skipped: readonly string[]): string =>
  [
    '# A DRAFT, made from the schemas of the tools. Its truth is right and its English is plain: read it, and word requests as your users do.',
    '# docs/phrase-packs.md says what may stand here; `whet data generate` shows what comes of it.',
    ...skipped.map((tool) => `# without words: ${tool}`),
    '',
  ].join('\n')

/** The words of one tool, or why there are none. Pools that it draws from are added to `pools`. */
const draftTool = (tool: ToolSchema, count: number, pools: Record<string, unknown>): DraftedTool | string => {
  const drafted = draftArguments(tool, pools)
  if (typeof drafted === 'string') return drafted
  const act = actOf(tool)
  const { slots, patterns, required, optional } = drafted
  const values = (names: readonly string[]) => names.map((name) => `${drafted.words[name]} {${name}}`).join(' and ')
  const fill = (text: string, args: string) =>
    text.replace('{Act}', upper(act)).replace('{act}', act).replace('{args}', args)
  const without = (text: string) =>
    text.replace(/[,:;]? ?(with |Take |Use |Here it is: )?\(?\{args\}\)?/, '').replace(/\s+([.?])/g, '$1')
  const direct = worded(openers, count).map((text) =>
    required.length > 0 ? fill(text, values(required)) : fill(without(text).replace(/\.\.$/, '.'), ''),
  )
  const options = optional.slice(0, 3).flatMap((name) =>
    worded(openers, count)
      .slice(-4)
      .map((text) => fill(text, values([...required, name]))),
  )
  const ask = Object.fromEntries(
    drafted.askable.slice(0, 3).map((name) => {
      const rest = required.filter((other) => other !== name)
      const said = rest.length > 0 ? `, with ${values(rest)}` : ''
      const word = drafted.words[name] ?? name
      const say = worded(bare, Math.max(count, bare.length)).map((text) => fill(text, '').replace('{rest}', said))
      return [name, { names: [word], say: [...new Set(say)], reply: [`Which ${word} should I use?`] }]
    }),
  )
  return {
    slots,
    arguments: patterns,
    say: { direct: [...new Set([...direct, ...options])] },
    ...(drafted.askable.length > 0 && { ask }),
  }
}

/** What the tool does, as one says it: the first sentence of its description where that is short, else its name. */
const actOf = ({ name, description }: ToolSchema): string => {
  const sentence = description.split(/\n|\. |\.$|;|:| \(|,/)[0]?.trim() ?? ''
  const plain = sentence.replace(/[{}[\]|<>`*#]/g, '').trim()
  const words = plain.split(/\s+/).length
  const act = words >= 2 && words <= 12 ? imperative(plain) : wordsOf(name)
  return lower(act)
}

/** `Creates a note` is said as `create a note`. */
const imperative = (sentence: string): string =>
  sentence.replace(/^(\w+?)(sses|ches|shes|xes|ies|s)\b/, (whole, stem: string, end: string) => {
    if (/^(this|is|has|as)$/i.test(whole) || whole.endsWith('ss')) return whole
    return end === 's' ? stem : end === 'ies' ? `${stem}y` : `${stem}${end.slice(0, -2)}`
  })

const upper = (text: string) => (text[0] ?? '').toUpperCase() + text.slice(1)
const lower = (text: string) => (/^[A-Z][a-z]/.test(text) ? (text[0] ?? '').toLowerCase() + text.slice(1) : text)

const tooShort = 4

/** What is asked of nobody here: no word of it is a word of some tool. */
const strange = (tools: readonly ToolSchema[]): string[] => {
  const known = new Set(
    tools.flatMap(({ name, description }) => `${wordsOf(name)} ${description}`.toLowerCase().match(/[a-z]+/g) ?? []),
  )
  const fits = foreign.filter(
    (say) => !(say.toLowerCase().match(/[a-z]+/g) ?? []).some((word) => word.length > tooShort && known.has(word)),
  )
  return fits.length >= 20 ? fits : [...foreign]
}

/** Whether every split can be served. */
export const covers = (pack: Pack, tools: readonly ToolSchema[]): boolean => {
  try {
    checkCoverage(definitionOf(pack, tools))
    return true
  } catch (error) {
    if (isWhetError(error)) return false
    throw error
  }
}

/** A definition of these tools and words and nothing else. */
export const definitionOf = (pack: Pack, tools: readonly ToolSchema[]): Definition => {
  const { kinds, replyChars, shown, menus } = Options.parse({ tools: { file: '' }, packs: ['draft'] })
  const packs = [{ name: 'draft', content: pack }]
  const families = familiesOf(packs, tools, false)
  const names = tools.map(({ name }) => name)
  return {
    tools: tools as Definition['tools'],
    menus: makeMenus(names, togetherOf(families), { shown, count: menus }),
    kinds,
    replyChars,
    packs,
    heldOut: false,
    notes: [],
  }
}
