import {
  BadPath,
  jsonPath,
  linearPattern,
  messageOf,
  nearest,
  type Problem,
  parseExpression,
  parseTemplate,
  slotsOf,
  type YamlFile,
} from '../../skill.ts'

type Path = readonly PropertyKey[]

/** Collects what is wrong with a skill file, each with its place in it. */
export class Findings {
  readonly problems: Problem[] = []

  constructor(readonly yaml: YamlFile) {}

  add(code: Problem['code'], path: Path, message: string, place = this.yaml.place(path, 'value')): void {
    this.problems.push({ code, path: path.map(String).join('.'), ...place, message })
  }

  /** A name that must be one of those. */
  known(
    what: string,
    name: string,
    names: readonly string[],
    path: Path,
    code: Problem['code'] = 'wrong-value',
  ): boolean {
    if (names.includes(name)) return true
    const near = nearest(name, names)
    const there = names.length > 0 ? `; there are ${names.slice(0, 20).join(', ')}` : ''
    this.add(code, path, `there is no ${what} ${JSON.stringify(name)}${near ? `; did you mean ${near}?` : there}`)
    return false
  }

  /** The slots of a template; none where it is broken. */
  template(text: string, path: Path): string[] {
    try {
      return slotsOf(parseTemplate(text))
    } catch (error) {
      this.add('broken-template', path, messageOf(error))
      return []
    }
  }

  /** @param shift characters before the expression in its text */
  expression(expression: string, path: Path, shift: number, names: readonly string[]): void {
    const { fault, names: used } = parseExpression(expression)
    const text = String(this.yaml.value(path) ?? '')
    if (fault)
      this.add(
        'broken-expression',
        path,
        fault.message,
        this.yaml.inside(path, text, Math.min(shift + fault.at, text.length)),
      )
    else for (const name of used) this.known('slot', name, names, path, 'unknown-slot')
  }

  path(text: string, path: Path): void {
    try {
      jsonPath(text)
    } catch (error) {
      const at = error instanceof BadPath ? error.at : 0
      this.add('broken-path', path, messageOf(error), this.yaml.inside(path, text, at))
    }
  }

  pattern(text: string, path: Path): void {
    try {
      linearPattern(text)
    } catch (error) {
      this.add('broken-pattern', path, messageOf(error))
    }
  }
}
