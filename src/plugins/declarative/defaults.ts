import type { Check, MistakeEntry, SkillFile } from './format.ts'

/** A skill file with everything decided that it may leave out. */
export interface Complete extends SkillFile {
  readonly reply: 'json' | 'text'
  readonly schema?: Record<string, never>
  readonly checks: Record<string, Check>
  readonly mistakes: MistakeEntry[]
  readonly targets: NonNullable<SkillFile['targets']>
  readonly format: string
}

const check = (of: Partial<Check>): Check => ({ absent: false, weight: 1, passAt: 1, ...of })

/** @param content with its schema read, where that was the name of a file */
export const completed = (content: SkillFile): Complete => {
  const reply = content.reply ?? (content.schema === undefined ? 'text' : 'json')
  const checks = content.checks ?? defaultChecks(content, reply)
  const names = Object.keys(checks)
  const format = content.format ?? names.find((name) => checks[name]?.schema) ?? names[0] ?? ''
  const targets = content.targets ?? defaultTargets(checks, format)
  const whole = { ...content, reply, checks, format, targets } as Complete
  return { ...whole, mistakes: (content.mistakes ?? defaultMistakes(whole)).map(named) }
}

/** Format, the whole reply, and each property of the record: so a report says which one is wrong. */
const defaultChecks = ({ schema }: SkillFile, reply: 'json' | 'text'): Record<string, Check> => {
  if (reply === 'text') return { exact: check({ equals: '$' }) }
  const properties = typeof schema === 'object' ? Object.keys((schema.properties as object | undefined) ?? {}) : []
  const one = properties
    .filter((name) => /^[a-z][a-z0-9-]*$/.test(name) && name !== 'exact' && name !== 'format')
    .map((name) => [name, check({ equals: `$.${name}` })] as const)
  return {
    exact: check({ equals: '$', weight: 4 }),
    ...Object.fromEntries(properties.length > 1 ? one : []),
    ...(schema !== undefined && { format: check({ schema: true }) }),
  }
}

const defaultTargets = (checks: Record<string, Check>, format: string): Complete['targets'] => {
  const first = Object.keys(checks)[0] ?? ''
  return [{ of: first, pass: 0.8, warn: 0.6 }, ...(format === first ? [] : [{ of: format, pass: 0.98, warn: 0.9 }])]
}

/** Mistakes that surely fail: of the whole record those that change a value, of the format those that are no record. */
const defaultMistakes = ({ checks, reply, format }: Complete): MistakeEntry[] => {
  const exact = Object.keys(checks).find((name) => checks[name]?.equals === '$')
  const inside: MistakeEntry[] =
    exact === undefined
      ? []
      : (['drop', 'invent', ...(reply === 'json' ? (['wrong-type'] as const) : [])] as const).map((make) => ({
          make,
          fails: exact,
        }))
  const around = exact ?? (reply === 'json' ? format : undefined)
  return around === undefined
    ? inside
    : [...inside, ...(['preamble', 'refuse'] as const).map((make) => ({ make, fails: around }))]
}

const named = (entry: MistakeEntry): MistakeEntry => ({
  ...entry,
  name: entry.name ?? [entry.make, entry.at?.replace(/^\$\.?/, '')].filter(Boolean).join('-'),
})
