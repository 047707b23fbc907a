import { RE2JS } from 're2js'

/** A regular expression that takes time in proportion to the text, whatever the pattern: `(a+)+$` is harmless here. */
export interface LinearPattern {
  readonly source: string
  test(text: string): boolean
}

/**
 * RE2 syntax: what JavaScript knows, without look-around and back-references, which cannot be matched in linear time.
 * @throws {Error} saying what is wrong with the pattern
 */
export const linearPattern = (source: string, { ignoreCase = false } = {}): LinearPattern => {
  const compiled = compile(source, ignoreCase)
  return { source, test: (text) => compiled.matcher(text).find() }
}

const compile = (source: string, ignoreCase: boolean) => {
  try {
    return RE2JS.compile(RE2JS.translateRegExp(source), ignoreCase ? RE2JS.CASE_INSENSITIVE : 0)
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error)
    const hint = /\(\?<?[=!]|\\[1-9]/.test(source)
      ? '; look-around and back-references can backtrack for ever and are not supported'
      : ''
    throw new Error(`${why}${hint}`)
  }
}
