import type { CommanderError } from 'commander'
import type { Command } from '../commands/command.ts'
import { commands, groups } from '../commands/registry.ts'
import { exitCodes, WhetError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'

const codes: Readonly<Record<string, string>> = {
  'commander.unknownCommand': 'unknown-command',
  'commander.unknownOption': 'unknown-option',
  'commander.excessArguments': 'too-many-arguments',
  'commander.missingArgument': 'missing-argument',
  'commander.optionMissingArgument': 'missing-value',
  'commander.invalidArgument': 'bad-input',
}

/** A wrong command line as an error that names the nearest right word. @param options the long flags that would be right here */
export const usageError = (
  error: CommanderError,
  argv: readonly string[],
  command: Command | undefined,
  options: readonly string[],
): WhetError => {
  const code = codes[error.code] ?? 'bad-input'
  const said = error.message
    .replace(/^error: /, '')
    .replace(/\s*\(Did you mean[\s\S]*$/, '')
    .replace(/\.$/, '')
  const given = /'([^'=]+)/.exec(said)?.[1] ?? ''
  const group = argv.find((word) => Object.hasOwn(groups, word))
  const near = nearTo(code, given, group, options)
  const place = command?.name ?? group
  const sentences = [
    `${said[0]?.toUpperCase()}${said.slice(1)}.`,
    ...(near ? [`Did you mean \`${near.startsWith('-') ? '' : 'whet '}${near}\`?`] : []),
    `\`whet ${place ? `${place} ` : ''}--help\` shows ${command ? 'its options' : 'the commands'}.`,
  ]
  return new WhetError({
    code,
    message: sentences.join(' '),
    fixedBy: 'config',
    exit: exitCodes.usage,
    data: near ? { given, nearest: near } : { given },
  })
}

const nearTo = (code: string, given: string, group: string | undefined, options: readonly string[]) => {
  if (code === 'unknown-option') return nearWord(given, options)
  if (code !== 'unknown-command') return undefined
  const names = [...Object.keys(commands), ...Object.keys(groups)]
  return group
    ? nearWord(
        `${group} ${given}`,
        names.filter((name) => name.startsWith(`${group} `)),
      )
    : nearWord(given, names)
}

/** Letters in another order are the commonest slip in a short word, where an edit distance says little. */
const nearWord = (given: string, words: readonly string[]): string | undefined =>
  words.find((word) => sorted(word) === sorted(given)) ?? nearest(given, words)

const sorted = (word: string) => [...word].sort().join('')
