import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import type { Transcript } from '../../core/contract.ts'
import { isWhetError } from '../../core/errors.ts'
import type { RoleLlm } from '../../core/llm/gateway.ts'
import { declarativeSkill } from '../../plugins/declarative/index.ts'
import { type Claim, checkPlugin } from '../../testing/plugin-suite.ts'
import type { CommandContext } from '../command.ts'
import { type Kind, kinds } from '../recommend.ts'
import { draftPrompt } from './prompt.ts'
import { type Answer, told } from './questions.ts'

/** What the model makes of an interview. */
export interface Draft {
  readonly kind: Kind
  readonly reasons: readonly string[]
  readonly file?: string // skill.yaml, where the kind is declarative
  readonly findings: readonly string[] // what keeps it from being a skill; empty where nothing does
  readonly advice: readonly string[]
  readonly drafts: number
}

const Drafted = z.strictObject({
  kind: z.enum(kinds).describe('the way that fits'),
  reasons: z.array(z.string().min(1).max(400)).min(1).max(4).describe('why, each in a sentence'),
  file: z.string().max(60_000).describe('the whole skill.yaml; empty where the way is not declarative'),
})

const mostDrafts = 3
/** Tokens of an answer that holds a whole file. */
const longestDraft = 8000
/** Items a split on which a draft is held against the contract. */
const itemsChecked = 40

/** Lets the model draft, holds the draft against file format and plugin contract, and sends back what is wrong, twice at most. */
export const drafted = async (
  of: {
    readonly name: string
    readonly description: string
    readonly answers: readonly Answer[]
    readonly like?: Kind
  },
  llm: RoleLlm,
  { progress, signal }: Pick<CommandContext, 'progress' | 'signal'>,
): Promise<Draft> => {
  let messages: Transcript = [
    { role: 'system', content: await draftPrompt(of.name, of.like) },
    { role: 'user', content: told(of.description, of.answers) },
  ]
  let sound: Draft | undefined
  for (let number = 1; ; number += 1) {
    progress(number - 1, mostDrafts, number === 1 ? 'drafting skill.yaml' : `mending the draft, try ${number}`)
    const said = await llm.complete(messages, Drafted, { maxTokens: longestDraft })
    const kind = of.like ?? said.kind
    if (kind !== 'declarative') return { kind, reasons: said.reasons, findings: [], advice: [], drafts: number }
    const file = unfenced(said.file)
    const draft: Draft = { kind, reasons: said.reasons, file, drafts: number, ...(await judged(file, of.name, signal)) }
    if (draft.findings.length === 0) sound = draft
    const wrong = [...draft.findings, ...draft.advice]
    if (wrong.length === 0 || number === mostDrafts) return sound ?? draft
    messages = [
      ...messages,
      { role: 'assistant', content: JSON.stringify(said) },
      { role: 'user', content: back(wrong) },
    ]
  }
}

const back = (findings: readonly string[]): string =>
  `The draft was checked. Mend this, and answer with the whole file again:\n${findings.map((each) => `- ${each}`).join('\n')}`

const unfenced = (text: string): string => `${/^```\w*\n([\s\S]*?)\n?```\s*$/.exec(text.trim())?.[1] ?? text.trim()}\n`

/** Whether a text is a skill by itself: its shape, its name, and every claim of the contract on a few of its items. */
const judged = async (
  text: string,
  name: string,
  signal: AbortSignal,
): Promise<{ findings: string[]; advice: string[] }> => {
  const outside = reachesOut(text)
  if (outside.length > 0) return { findings: outside, advice: [] }
  const folder = await mkdtemp(path.join(tmpdir(), 'whet-draft-'))
  try {
    const file = path.join(folder, 'skill.yaml')
    await writeFile(file, text)
    const skill = await declarativeSkill(file)
    const claims: Claim[] = []
    for await (const claim of checkPlugin(skill, { options: {}, baseDir: folder, rows: itemsChecked, signal }))
      claims.push(claim)
    const wrong = claims.filter(({ ok }) => !ok)
    const inWords = ({ claim, detail, mend }: Claim) => `"${claim}" does not hold: ${detail}. ${mend}`
    return {
      findings: [
        ...(skill.name === name ? [] : [`name: it is ${name}`]),
        ...wrong.filter(({ advice }) => !advice).map(inWords),
      ],
      advice: wrong.filter(({ advice }) => advice).map(inWords),
    }
  } catch (error) {
    if (!isWhetError(error)) throw error
    return { findings: [error.message.replaceAll(`${folder}${path.sep}`, '')], advice: [] }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Keys with which a draft would read files of this machine: a person may add them, a model may not. */
const reachesOut = (text: string): string[] => {
  let content: unknown
  try {
    content = parse(text)
  } catch {
    return [] // what is no YAML is told with its line when it is read
  }
  if (typeof content !== 'object' || content === null) return []
  const named = (['rows', 'documents'] as const).filter((key) => key in content)
  const schema = 'schema' in content && typeof content.schema === 'string' ? ['schema'] : []
  return [...named, ...schema].map((key) => `${key}: the file stands alone, so it names no other file`)
}
