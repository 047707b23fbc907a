import { Command as Commander, CommanderError } from 'commander'
import type { Command, Entry } from '../commands/command.ts'
import { commands, groups, loadCommand } from '../commands/registry.ts'
import { exitCodes, WhetError } from '../core/errors.ts'
import { argumentOf, describe, kebab, optionOf, shapeOf, toNumber } from './options.ts'
import { usageError } from './usage.ts'

/** What a command line asks for: a text (help, version), or a command with its checked input. */
export type Parsed =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'command'; readonly command: Command; readonly input: Record<string, unknown> }

/**
 * Reads a command line against the registry; only the command that is named is loaded.
 *
 * @throws {WhetError} exit 2: unknown-command · unknown-option · missing-argument · bad-input ...
 */
export const parseCommandLine = async (words: readonly string[], version: string): Promise<Parsed> => {
  const argv = words[0] === 'help' ? [...words.slice(1), '--help'] : [...words]
  const name = nameIn(argv)
  const command = name === undefined ? undefined : await loadCommand(name)
  let text = ''
  let found: Parsed | undefined
  const program = build(version, command, (values) => {
    found = { kind: 'command', command: command as Command, input: checkInput(command as Command, values) }
  })
  for (const each of every(program))
    each.exitOverride().configureOutput({ writeOut: (part) => (text += part), writeErr: () => {} })
  try {
    if (argv.length === 0) return { kind: 'text', text: program.helpInformation() }
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return { kind: 'text', text }
    const group = every(program).find((each) => each.name() === argv[0] && each.parent === program)
    if (error.code === 'commander.help') return { kind: 'text', text: (group ?? program).helpInformation() }
    throw usageError(error, argv, command, optionsOf(program, command))
  }
  return found ?? { kind: 'text', text: text || program.helpInformation() }
}

/** The command that the first words name: `run`, or `data validate`. Flags of the whole program may come first. */
const nameIn = (argv: readonly string[]): string | undefined => {
  const words = argv.filter((word) => !word.startsWith('-'))
  const [first = '', second = ''] = words
  return [`${first} ${second}`, first].find((name) => Object.hasOwn(commands, name))
}

const build = (
  version: string,
  loaded: Command | undefined,
  act: (values: Record<string, unknown>) => void,
): Commander => {
  const program = new Commander('whet')
    .description('Sharpen a small language model on a skill, by itself, until measured targets are met, with proof.')
    .version(version, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .option('--json', 'print one JSON document (streams: one a line) on stdout and nothing else there')
    .option('--stack', 'print stack traces of errors (also WHET_STACK=1)')
    .configureHelp({ showGlobalOptions: true, helpWidth: 110 })
    .addHelpText('after', epilogue)
  const parents = new Map<string, Commander>()
  for (const [name, entry] of Object.entries(commands)) {
    const [first = '', second] = name.split(' ')
    if (second === undefined) addCommand(program, first, entry, loaded?.name === name ? loaded : undefined, act)
    else {
      // `search eval` belongs to `search`, which is a verb itself
      let parent = parents.get(first) ?? program.commands.find((each) => each.name() === first)
      if (!parent) {
        parent = program
          .command(first)
          .description(groups[first] ?? '')
          .helpGroup(`${entry.group}:`)
        parents.set(first, parent.helpCommand(false))
      }
      addCommand(parent, second, entry, loaded?.name === name ? loaded : undefined, act, name)
    }
  }
  return program
}

const epilogue = `
Example:
  $ whet run -c configs/quickstart.yaml

Exit codes: 0 done · 1 failed · 2 wrong use or config · 3 missing on this machine · 4 refused · 130 interrupted
\`whet COMMAND --help\` shows a command's options and an example.`

const addCommand = (
  parent: Commander,
  word: string,
  entry: Entry,
  loaded: Command | undefined,
  act: (values: Record<string, unknown>) => void,
  name = word,
): void => {
  const command = parent.command(word).description(entry.summary)
  if (name === word) command.helpGroup(`${entry.group}:`)
  if (!loaded) return
  command.addHelpText('after', `\nExample:\n  $ ${entry.example}`)
  const positional = new Set<string>(loaded.positional ?? [])
  const fields = shapeOf(loaded.input)
  const placed = (loaded.positional ?? []).map((each) => fields.find(([field]) => field === each)!)
  for (const [field, about] of placed)
    command.argument(
      argumentOf(field, about),
      describe(about),
      about.kind === 'number' ? toNumber : (undefined as never),
    )
  for (const [field, about] of fields) if (!positional.has(field)) command.addOption(optionOf(field, about))
  command.action((...args: unknown[]) => {
    const values: Record<string, unknown> = { ...command.opts() }
    placed.forEach(([field], index) => {
      if (args[index] !== undefined) values[field] = args[index]
    })
    act(values)
  })
}

const checkInput = (command: Command, values: Record<string, unknown>): Record<string, unknown> => {
  const checked = command.input.safeParse(values)
  if (checked.success) return checked.data
  const positional = command.positional ?? []
  const problems = checked.error.issues.map((issue) => {
    const field = String(issue.path[0] ?? '')
    const place = positional.includes(field) ? field.toUpperCase() : `--${kebab(field)}`
    return { option: place, message: field in values ? issue.message : 'is required' }
  })
  throw new WhetError({
    code: 'bad-input',
    message: `${problems.map(({ option, message }) => `${option}: ${message}`).join('; ')}. See \`whet ${command.name} --help\`.`,
    fixedBy: 'config',
    exit: exitCodes.usage,
    data: { command: command.name, problems },
  })
}

/** The long flags that a command takes: its own and those of the whole program. */
const optionsOf = (program: Commander, command: Command | undefined): string[] => {
  const own = every(program).filter((each) => each === program || (command && fullName(each) === command.name))
  return [...own.flatMap(({ options }) => options.map(({ long }) => long ?? '')), '--help']
}

/** `data validate`, without the program's own name. */
const fullName = (command: Commander): string =>
  command.parent ? `${fullName(command.parent)} ${command.name()}`.trim() : ''

const every = (command: Commander): Commander[] => [command, ...command.commands.flatMap(every)]
