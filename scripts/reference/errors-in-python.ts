import type { Found } from './errors-in-typescript.ts'

/** `Refused("job-wrong", f"...")`, `say_error(...)` and their like: what a script says before it ends. Code and message are passed on. */
const said = /\b(?:Refused|Unusable|say_error)\(\s*"([a-z][a-z0-9-]+)"(?:,\s*f?"((?:[^"\\]|\\.)*)")?/g
/** `return DISK, "disk-full", "..."`: what a library's error comes down to. */
const diagnosed = /\breturn \w+, "([a-z][a-z0-9-]+)", f?"((?:[^"\\]|\\.)*)"/g

/** All codes that one Python file names. */
export const codesInPython = (text: string): Found[] =>
  [...text.matchAll(said), ...text.matchAll(diagnosed)].map(
    ([, code = '', message = '']): Found => [code, { message: worded(message) }],
  )

const worded = (literal: string): string =>
  literal
    .replace(/\{[^{}]*\}/g, '…')
    .replace(/\\n/g, ' ')
    .replace(/\\(.)/g, '$1')
