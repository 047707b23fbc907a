import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { parseYaml, WhetError } from '../../skill.ts'

const range = (what: string) =>
  z
    .tuple([z.number().min(0), z.number().min(0)])
    .refine(([least, most]) => least <= most, { message: 'expected the smaller number first' })
    .describe(what)
const heading = z.string().min(1).describe('the heading of this part, without its #')

/** What an outline has to look like: every rule of it can be counted. The order of the keys is the order of the parts. */
export const Contract = z.strictObject({
  name: z.string().min(1),
  instruction: z.string().min(1).describe('what the student is told, as the system turn'),
  brainstorm: z.strictObject({
    words: range('words of a brainstorm'),
    claims: z.int().min(1).max(2).describe('claims said of one subject'),
  }),
  opening: z.strictObject({
    paragraphs: z.int().min(1).max(3).describe('paragraphs before the title that challenge'),
    words: range('words of all of them'),
  }),
  overview: z.strictObject({ heading, paragraphs: z.int().min(1).max(2).describe('thesis and approach') }),
  sections: z.strictObject({ count: range('sections of content'), sentences: range('sentences of a section') }),
  tone: z.strictObject({ heading }),
  themes: z.strictObject({ heading, bullets: range('themes') }),
  next: z.strictObject({ heading, bullets: range('next steps, under a linking sentence') }),
  length: range('words of the outline for one word of the brainstorm'),
  passage: z.strictObject({ words: range('words of a passage'), paragraphs: range('paragraphs of a passage') }),
  also: z.record(z.string(), z.array(z.string())).optional().describe('words to add to the lists of phrases.yaml'),
})

const lists = ['praise', 'genericHeadings', 'vagueSteps', 'cliches', 'preambles', 'thirdPerson', 'editorial'] as const
const Phrases = z.strictObject(
  Object.fromEntries(lists.map((name) => [name, z.array(z.string())])) as Record<
    (typeof lists)[number],
    z.ZodArray<z.ZodString>
  >,
)

/** A contract with its lists of words, as it is frozen with a run. */
export const FrozenContract = Contract.omit({ also: true }).extend({ phrases: Phrases })
export type FrozenContract = z.infer<typeof FrozenContract>

const folder = fileURLToPath(new URL('./contracts/', import.meta.url))
const builtIn = ['default', 'compact']

/**
 * @param name `default`, `compact`, or a YAML file relative to `baseDir`
 * @throws {WhetError} contract-not-found; problems of the file with line and column (exit 2)
 */
export const readContract = (name: string, baseDir: string): FrozenContract => {
  const file = builtIn.includes(name) ? path.join(folder, `${name}.yaml`) : path.resolve(baseDir, name)
  const { also = {}, ...contract } = parseYaml(read(file, name), file, Contract)
  const phrases = parseYaml(read(path.join(folder, 'phrases.yaml'), name), 'phrases.yaml', Phrases)
  for (const list of lists) phrases[list] = [...new Set([...phrases[list], ...(also[list] ?? [])])]
  return { ...contract, phrases }
}

const read = (file: string, name: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new WhetError({
      code: 'contract-not-found',
      message: `options.contract: there is no output contract ${JSON.stringify(name)}. Built in: ${builtIn.join(', ')}; one of your own is named by its YAML file.`,
      fixedBy: 'config',
      exit: 2,
      data: { name, file },
      cause,
    })
  }
}
