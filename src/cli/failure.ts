import { type ExitCode, exitCodes, messageOf, WhetError } from '../core/errors.ts'

/** Any thrown thing as an error with a code, a next step and an exit code. */
export const asWhetError = (thrown: unknown): WhetError => {
  if (thrown instanceof WhetError) return thrown
  const system = systemErrors[(thrown as NodeJS.ErrnoException | undefined)?.code ?? '']
  if (system) {
    const { path } = thrown as NodeJS.ErrnoException
    const message = `${path ?? messageOf(thrown)}: ${system.message}`
    return new WhetError({ ...system, message, data: path ? { path } : {}, cause: thrown })
  }
  return new WhetError({
    code: 'unexpected',
    message: `${messageOf(thrown)}. This is a fault of Whetstone or of a plugin; \`--stack\` shows where it happened.`,
    fixedBy: 'machine',
    exit: exitCodes.failed,
    cause: thrown,
  })
}

type SystemError = { code: string; message: string; fixedBy: 'config' | 'machine'; exit: ExitCode }
const systemErrors: Readonly<Record<string, SystemError>> = {
  ENOENT: {
    code: 'no-such-file',
    message: 'there is no such file. Check the path; it is relative to the folder that you are in.',
    fixedBy: 'config',
    exit: exitCodes.usage,
  },
  EISDIR: { code: 'not-a-file', message: 'this is a folder. Name a file.', fixedBy: 'config', exit: exitCodes.usage },
  EACCES: {
    code: 'no-permission',
    message: 'this user may not read or write there. Change the permissions, or use another folder.',
    fixedBy: 'machine',
    exit: exitCodes.failed,
  },
  EROFS: {
    code: 'no-permission',
    message: 'the file system is read-only. Use another folder.',
    fixedBy: 'machine',
    exit: exitCodes.failed,
  },
  ENOSPC: {
    code: 'disk-full',
    message: 'the disk is full. Free some space (`whet clean`), then `whet resume`. What was written before is kept.',
    fixedBy: 'machine',
    exit: exitCodes.failed,
  },
}

/** The end of a command that was told to stop. */
export const interruptedError = (how: string) =>
  new WhetError({ code: 'interrupted', message: how, fixedBy: 'config', exit: exitCodes.interrupted })

/** The stack of what was thrown and of its causes. */
export const stackOf = (error: unknown): string => {
  const parts: string[] = []
  for (let at = error; at instanceof Error; at = at.cause) parts.push(at.stack ?? String(at))
  return parts.join('\ncaused by ')
}
