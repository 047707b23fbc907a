import { compile } from 'json-p3'

/** A place in a JSON value: names and indices from the root. */
export type Location = readonly (string | number)[]

/** A JSONPath (RFC 9535). Filters are left out: what a check looks at must not hang on what a student wrote. */
export interface JsonPath {
  readonly source: string
  find(value: unknown): readonly { readonly location: Location; readonly value: unknown }[]
}

/** An error of a path, with the character where it is, from 0. */
export class BadPath extends Error {
  constructor(
    message: string,
    readonly at: number,
  ) {
    super(message)
    this.name = 'BadPath'
  }
}

/** @throws {BadPath} */
export const jsonPath = (source: string): JsonPath => {
  const filter = source.indexOf('?')
  if (filter >= 0) throw new BadPath('filters are not supported; name the place itself, as in $.items[0].name', filter)
  const query = compiled(source)
  return {
    source,
    find: (value) => {
      if (typeof value !== 'object' || value === null) return source === '$' ? [{ location: [], value }] : []
      return query.query(value as never).nodes.map(({ location, value: found }) => ({ location, value: found }))
    },
  }
}

const compiled = (source: string) => {
  try {
    return compile(source)
  } catch (error) {
    const { message, token } = error as { message: string; token?: { index?: number } }
    throw new BadPath(message, token?.index ?? 0)
  }
}

/** One value where the path names one place, a list where it names several, undefined where it finds nothing. */
export const valueAt = (path: JsonPath, value: unknown): unknown => {
  const found = path.find(value)
  if (found.length === 0) return undefined
  return /\*|\.\.|[:,]/.test(path.source) ? found.map((node) => node.value) : found[0]?.value
}

/** A copy of a JSON value with one place changed; `undefined` takes the place out. */
export const withValue = (value: unknown, [key, ...rest]: Location, replace: (old: unknown) => unknown): unknown => {
  if (key === undefined) return replace(value)
  if (Array.isArray(value)) {
    const changed = withValue(value[Number(key)], rest, replace)
    return changed === undefined ? value.toSpliced(Number(key), 1) : value.with(Number(key), changed)
  }
  const record = value as Record<string, unknown>
  const changed = withValue(record[String(key)], rest, replace)
  return Object.fromEntries(
    Object.entries(record).flatMap(([name, old]) => {
      if (name !== String(key)) return [[name, old]]
      return changed === undefined ? [] : [[name, changed]]
    }),
  )
}
