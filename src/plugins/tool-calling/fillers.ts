import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { mulberry32, parseYaml, seedFrom, shuffle, type ToolSchema } from '../../skill.ts'

const Fillers = z.record(z.string(), z.tuple([z.string()], z.string()))

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[a-z]{4,}/g) ?? []

/**
 * Tools for catalogues longer than the skill's own: none shares a word of its name with the tools that are there, so
 * that a filler is never a right answer.
 */
export const fillersBeside = (tools: readonly ToolSchema[]): ToolSchema[] => {
  const file = new URL('./fillers.yaml', import.meta.url)
  const taken = new Set(tools.flatMap(({ name, description }) => wordsOf(`${name} ${description}`)))
  const all = parseYaml(readFileSync(file, 'utf8'), 'fillers.yaml', Fillers)
  return Object.entries(all)
    .filter(
      ([name]) =>
        !name
          .split('_')
          .slice(1)
          .some((word) => taken.has(word)),
    )
    .map(([name, [about, ...args]]) => ({
      name,
      description: `${about}.`,
      parameters: {
        type: 'object',
        properties: Object.fromEntries(args.map((argument) => [argument, { type: 'string' }])),
        required: args,
      },
    }))
}

/**
 * A menu made `length` tools long: further ones of the catalogue first, then fillers; the right ones stand at any place.
 * The same menu is always filled alike, so that its items share their prompt header.
 * @param names all tools of the definition, the fillers last
 */
export const filledUp = (menu: readonly string[], names: readonly string[], length: number): string[] => {
  const random = mulberry32(seedFrom('fillers', length, ...menu))
  const others = names.filter((name) => !menu.includes(name)).slice(0, Math.max(0, length - menu.length))
  return shuffle(random, [...menu, ...others])
}
