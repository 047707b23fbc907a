import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { parseYaml, type Split, splitPool, WhetError } from '../../skill.ts'

const words = z.array(z.string().min(1)).min(12)

/** What items are made of, as the YAML file and the frozen definition hold it. */
export const Material = z.strictObject({
  topics: z.record(z.string(), z.array(z.string().min(1)).min(5)),
  verbs: words,
  adjectives: words,
  nouns: words,
  abstracts: words,
  tones: words,
  tangents: words,
})
export type Material = z.infer<typeof Material>

export interface Topic {
  readonly name: string
  readonly subjects: readonly string[]
}

/** The material of one split: no value of it is in another split's. */
export interface Pools extends Omit<Material, 'topics'> {
  readonly topics: readonly Topic[]
}

const builtIn = 'essays'

/** @param name `essays`, or a YAML file relative to `baseDir`. @throws {WhetError} material-not-found, material-repeats; exit 2 */
export const readMaterial = (name: string, baseDir: string): Material => {
  const own = fileURLToPath(new URL('./material/essays.yaml', import.meta.url))
  const file = name === builtIn ? own : path.resolve(baseDir, name)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw broken('material-not-found', `there is no material ${JSON.stringify(name)}. Built in: ${builtIn}`, cause)
  }
  const material = parseYaml(text, file, Material)
  const subjects = Object.values(material.topics).flat()
  const twice = subjects.find((subject, at) => subjects.indexOf(subject) !== at)
  if (twice) throw broken('material-repeats', `"${twice}" belongs to two topics, which may serve two splits; keep one`)
  return material
}

const broken = (code: string, what: string, cause?: unknown) =>
  new WhetError({ code, message: `options.material: ${what}.`, fixedBy: 'config', exit: 2, cause })

const known = new WeakMap<Material, Readonly<Record<Split, Pools>>>()

/** The pools of every split, by the stable hash of each topic and value. */
export const poolsOf = (material: Material, split: Split): Pools => {
  let pools = known.get(material)
  if (!pools) {
    pools = Object.fromEntries(
      (['train', 'dev', 'gate', 'sealed'] as const).map((each) => [each, poolsOfSplit(material, each)]),
    ) as Record<Split, Pools>
    known.set(material, pools)
  }
  return pools[split]
}

const poolsOfSplit = (material: Material, split: Split): Pools => {
  const slots = (pool: Exclude<keyof Material, 'topics'>) =>
    splitPool(material[pool], (value) => `slot:${pool}:${value}`)[split] as string[]
  const topics = Object.entries(material.topics).map(([name, subjects]) => ({ name, subjects }))
  return {
    topics: splitPool(topics, ({ name }) => `family:${name}`)[split],
    verbs: slots('verbs'),
    adjectives: slots('adjectives'),
    nouns: slots('nouns'),
    abstracts: slots('abstracts'),
    tones: slots('tones'),
    tangents: slots('tangents'),
  }
}
