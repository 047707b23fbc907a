import type { RemoteCommand } from '../commands/remote.ts'
import { exitCodes, WhetError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'

export interface SlashCommand {
  readonly name: string
  readonly args: Record<string, unknown>
}

interface Property {
  readonly type?: string
}

/**
 * `/why --round 3 --where tool=move_file` as a command and its arguments; no model is asked. `run` is filled in where the line names none.
 * @throws {WhetError} unknown-command · bad-input
 */
export const readSlash = (line: string, commands: readonly RemoteCommand[], run?: string): SlashCommand => {
  const words = splitWords(line.replace(/^\//, ''))
  const name = [words.slice(0, 2).join(' '), words[0] ?? ''].find((each) =>
    commands.some((command) => command.name === each),
  )
  const command = commands.find((each) => each.name === name) ?? byLastWord(words[0] ?? '', commands)
  if (!command) throw unknown(words.slice(0, 2).join(' '), commands)
  const properties = (command.schema.properties ?? {}) as Record<string, Property>
  const used = command.name === name ? command.name.split(' ').length : 1
  const args = readArgs(words.slice(used), command, properties)
  if (run !== undefined && 'run' in properties && args.run === undefined) args.run = run
  return { name: command.name, args }
}

/** `/spec` is `/show spec`, where no other command ends so. */
const byLastWord = (word: string, commands: readonly RemoteCommand[]): RemoteCommand | undefined => {
  const found = commands.filter(({ name }) => name.endsWith(` ${word}`))
  return found.length === 1 ? found[0] : undefined
}

const readArgs = (words: readonly string[], command: RemoteCommand, properties: Readonly<Record<string, Property>>) => {
  const args: Record<string, unknown> = {}
  const free = [...command.positional]
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]!
    if (!word.startsWith('--')) {
      const field = free.shift()
      if (field === undefined)
        throw bad(command, `${JSON.stringify(word)} is one word too many; put a text of several words in quotes`)
      put(args, field, word, properties[field])
      continue
    }
    const [flag = '', given] = splitOnce(word.slice(2))
    const field = flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
    const property = properties[field]
    if (property?.type === 'boolean') args[field] = given !== 'false'
    else put(args, field, given ?? words[++at] ?? '', property)
  }
  return args
}

const put = (args: Record<string, unknown>, field: string, text: string, property: Property | undefined): void => {
  if (property?.type === 'array') args[field] = [...((args[field] as string[] | undefined) ?? []), text]
  else if (property?.type === 'number' || property?.type === 'integer')
    args[field] = text.trim() === '' ? text : Number(text)
  else args[field] = text
}

const splitOnce = (text: string): [string, string | undefined] => {
  const at = text.indexOf('=')
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

/** Words as a shell would take them, without any of its powers: quotes hold a text of several words together. */
const splitWords = (line: string): string[] =>
  [...line.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(([word]) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, (_, double, single) => double ?? single),
  )

const unknown = (name: string, commands: readonly RemoteCommand[]) => {
  const near = nearest(
    name.split(' ')[0] ?? '',
    commands.map((command) => command.name),
  )
  return new WhetError({
    code: 'unknown-command',
    message: `There is no command ${JSON.stringify(name.slice(0, 60))}.${near ? ` Did you mean /${near}?` : ''} /help lists them.`,
    fixedBy: 'config',
    exit: exitCodes.usage,
  })
}

const bad = (command: RemoteCommand, why: string) =>
  new WhetError({
    code: 'bad-input',
    message: `/${command.name}: ${why}. At the terminal: ${command.example}`,
    fixedBy: 'config',
    exit: exitCodes.usage,
  })
