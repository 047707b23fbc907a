/** One row, one line: what both the writers and the readers of JSONL stand on. */

/** A value as one line of JSONL. @throws TypeError where JSON has no such value (undefined, a function, a BigInt) */
export const jsonLine = (row: unknown): string => {
  const text = JSON.stringify(row)
  if (text === undefined) throw new TypeError(`JSON has no ${typeof row}: it cannot be a row`)
  return `${text}\n`
}

/**
 * Whether a line without its newline was cut. Every proper beginning of a JSON value fails to parse, except a number's:
 * 12 may have been 123, so a number needs its newline.
 */
export const isTorn = (text: string): boolean => {
  try {
    return typeof JSON.parse(text) === 'number'
  } catch {
    return true
  }
}
