import { createRequire } from 'node:module'
import type { Command, CommandContext, RenderContext } from '../commands/command.ts'
import { type ExitCode, exitCodes } from '../core/errors.ts'
import { asWhetError, interruptedError, stackOf } from './failure.ts'
import { Interrupts } from './interrupt.ts'
import { parseCommandLine } from './program.ts'
import { type Io, Terminal } from './terminal.ts'

/**
 * Runs one command line. With `--json`, stdout gets exactly one JSON document (a stream: one a line), errors too;
 * everything meant for people goes to stderr. Never throws.
 *
 * @param argv  the words after `whet`
 */
export const runCli = async (argv: readonly string[], io: Io): Promise<ExitCode> => {
  const flags = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv
  const terminal = new Terminal(io, { json: flags.includes('--json') })
  const interrupts = new Interrupts({
    say: (text) => terminal.note(text),
    leave: (code) => process.exit(code),
    drains: () => draining,
  })
  let draining = false
  const unlisten = interrupts.listen()
  try {
    const parsed = await parseCommandLine(argv, versionOf())
    if (parsed.kind === 'text') {
      const text = parsed.text.trimEnd()
      await terminal.answer(terminal.json ? JSON.stringify({ text }) : text)
      return exitCodes.done
    }
    draining = parsed.command.drains ?? false
    await terminal.begin({ whole: parsed.command.whole ?? false })
    return await perform(parsed.command, parsed.input, terminal, interrupts)
  } catch (thrown) {
    return await fail(thrown, terminal, interrupts, flags.includes('--stack') || !!io.env.WHET_STACK)
  } finally {
    unlisten()
    await terminal.close()
  }
}

const perform = async (
  command: Command,
  input: Record<string, unknown>,
  terminal: Terminal,
  interrupts: Interrupts,
): Promise<ExitCode> => {
  const render: RenderContext = { colors: terminal.colors, columns: terminal.columns }
  const quiet = terminal.json && command.stream === true // its documents say it all
  const context: CommandContext = {
    cwd: terminal.cwd,
    by: 'terminal',
    interactive: terminal.interactive,
    signal: interrupts.signal,
    drain: interrupts.drain,
    onEvent: (event) => quiet || terminal.event(event),
    emit: (value) => {
      const text = terminal.json ? JSON.stringify(value) : command.renderPart?.(value, render)
      if (text !== undefined) terminal.emit(text)
    },
    note: (line) => terminal.note(line),
    progress: (done, total, what) => terminal.progress(done, total, what),
    ask: (question) => terminal.ask(question, interrupts.signal),
    turn: (work) => interrupts.turn(work),
  }
  const output = await command.run(input, context)
  terminal.endProgress()
  if (!terminal.json) await terminal.answer(command.render(output, render))
  else if (!command.stream) await terminal.answer(JSON.stringify(output))
  const code = command.exit?.(output, input) ?? exitCodes.done
  return code === exitCodes.done && interrupts.signal.aborted ? exitCodes.interrupted : code
}

const fail = async (thrown: unknown, terminal: Terminal, interrupts: Interrupts, stack: boolean): Promise<ExitCode> => {
  // a command that was told to end now may end with any error; what it was told is what to say
  const error =
    interrupts.signal.aborted && asWhetError(thrown).code !== 'interrupted'
      ? interruptedError('Stopped. `whet resume` goes on with a run where it stood.')
      : asWhetError(thrown)
  terminal.endProgress()
  if (terminal.json) await terminal.answer(JSON.stringify(error))
  else terminal.error(error)
  if (stack) terminal.note(stackOf(thrown))
  return error.exit
}

/** The version in package.json, which is two folders up from src/cli and from dist/cli alike. */
const versionOf = (): string => (createRequire(import.meta.url)('../../package.json') as { version: string }).version
