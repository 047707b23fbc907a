/** `whet plugin new NAME --describe "..."` with a chat endpoint: asks, and lets the model draft the declarative file. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { type LoadedConfig, loadConfig } from '../../core/config.ts'
import { Workspace } from '../../core/workspace.ts'
import type { CommandContext } from '../command.ts'
import type { Kind } from '../recommend.ts'
import { type Draft, drafted } from './draft.ts'
import { type Answer, interviewed } from './questions.ts'

/** What was asked and what came of it. */
export interface Interview extends Omit<Draft, 'file'> {
  readonly model: string
  readonly tokens: number // paid for
  readonly answers: readonly Answer[]
}

/** An interview, and the files that it gives to the new package, by name. */
export interface Held {
  readonly interview: Interview
  readonly files: Readonly<Record<string, string>>
}

interface Wanted {
  readonly name: string
  readonly describe: string
  readonly like?: Kind | undefined
  readonly config: string
}

/**
 * @returns undefined where there is no config that sets roles.chat, or where the way that was chosen has no file to draft
 * @throws {WhetError} what is wrong with the config, and whatever the gateway throws
 */
export const interview = async (wanted: Wanted, context: CommandContext): Promise<Held | undefined> => {
  const file = path.resolve(context.cwd, wanted.config)
  if ((wanted.like ?? 'declarative') !== 'declarative' || !existsSync(file)) return undefined
  const loaded = await loadConfig(file)
  return loaded.config.roles.chat ? held(wanted, loaded, context) : undefined
}

const held = async (
  { name, describe, like }: Wanted,
  { config, file }: LoadedConfig,
  context: CommandContext,
): Promise<Held> => {
  const { openGateway, requireRoles } = await import('../../core/llm/gateway.ts')
  requireRoles(config, ['chat'])
  const gateway = await openGateway({
    roles: config.roles,
    budget: config.budget,
    folder: Workspace.at(context.cwd).llm(),
    account: 'plugin new',
    baseDir: path.dirname(file),
  })
  try {
    const before = gateway.spent().tokens
    const llm = gateway.llm('chat', { signal: context.signal })!
    const answers = context.interactive ? await interviewed(describe, llm, context) : []
    const { file: text, ...draft } = await drafted(
      { name, description: describe, answers, ...(like && { like }) },
      llm,
      context,
    )
    const files = {
      'interview.md': pageOf(describe, answers, draft),
      ...(text !== undefined && { [draft.findings.length > 0 ? 'draft.yaml' : 'skill.yaml']: headed(text, llm.model) }),
    }
    const tokens = gateway.spent().tokens - before
    return { interview: { ...draft, model: llm.model, tokens, answers }, files }
  } finally {
    await gateway.close()
  }
}

const headed = (text: string, model: string): string =>
  `# npx whet plugin check     \u00b7     npx whet run\n# Drafted by ${model.replace(/\s+/g, ' ')} from interview.md: read every line.\n${text}`

/** What was said, kept beside what was made of it. */
const pageOf = (describe: string, answers: readonly Answer[], { kind, reasons }: Omit<Draft, 'file'>): string =>
  [
    '# What this skill was to be',
    '',
    `> ${describe}`,
    '',
    ...answers.flatMap(({ question, answer }) => [`**${question}**`, '', answer, '']),
    `Nearest way: ${kind}.`,
    '',
    ...reasons.map((reason) => `- ${reason}`),
    '',
  ].join('\n')
