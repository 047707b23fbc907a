import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { LineCounter, parseDocument } from 'yaml'
import { messageOf, WhetError } from '../../skill.ts'
import { type NamedPack, Pack } from './pack-schema.ts'

/** The packs that come with the product. */
export const builtinPacks: readonly string[] = ['filesystem']

/**
 * Reads a phrase pack by its built-in name, or by a path that starts at `baseDir`: a file, or a folder whose YAML files are its parts.
 * @throws {WhetError} pack-missing · broken-yaml (with line and column) · bad-pack (its shape, or parts that contradict each other)
 */
export const loadPack = async (name: string, baseDir: string): Promise<NamedPack> => {
  const place = builtinPacks.includes(name)
    ? fileURLToPath(new URL(`./packs/${name}`, import.meta.url))
    : path.resolve(baseDir, name)
  const parts = await partsAt(place).catch((cause: unknown) => {
    throw new WhetError({
      code: 'pack-missing',
      message: `The phrase pack ${name} cannot be read (${messageOf(cause)}). Built in: ${builtinPacks.join(', ')}; any other name is the path of a YAML file, or of a folder of them.`,
      fixedBy: 'config',
      exit: 2,
      data: { pack: name },
      cause,
    })
  })
  const contents = parts.map(({ file, text }) => contentOf(text, file === undefined ? name : `${name}/${file}`))
  return {
    name,
    content: packOf(
      contents.reduce((whole, part) => putTogether(whole, part, name)),
      name,
    ),
  }
}

const partsAt = async (place: string): Promise<{ file?: string; text: string }[]> => {
  if (!(await stat(place)).isDirectory()) return [{ text: await readFile(place, 'utf8') }]
  const files = (await readdir(place)).filter((file) => /\.ya?ml$/.test(file)).sort()
  if (files.length === 0) throw new Error('the folder holds no YAML file')
  return Promise.all(files.map(async (file) => ({ file, text: await readFile(path.join(place, file), 'utf8') })))
}

/** @throws {WhetError} broken-yaml · bad-pack */
export const parsePack = (text: string, name: string): Pack => packOf(contentOf(text, name), name)

const contentOf = (text: string, name: string): unknown => {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const broken = document.errors[0]
  if (!broken) return document.toJS()
  const { line, col } = lines.linePos(broken.pos[0])
  throw new WhetError({
    code: 'broken-yaml',
    message: `${name}:${line}:${col}: ${broken.message.split('\n')[0]}`,
    fixedBy: 'config',
    exit: 2,
    data: { file: name, line, column: col },
  })
}

/** Two parts of a pack as one: lists one after the other, maps key by key; anything else may be said twice only if it is the same. */
const putTogether = (whole: unknown, part: unknown, name: string, at = ''): unknown => {
  if (Array.isArray(whole) && Array.isArray(part)) return [...whole, ...part]
  if (isMap(whole) && isMap(part)) {
    const both = { ...whole }
    for (const [key, value] of Object.entries(part))
      both[key] = Object.hasOwn(both, key) ? putTogether(both[key], value, name, at ? `${at}.${key}` : key) : value
    return both
  }
  if (whole === part) return whole
  throw badPack(name, [`${at || 'the file'}: two of its parts say it differently`])
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const packOf = (content: unknown, name: string): Pack => {
  const parsed = Pack.safeParse(content)
  if (parsed.success) return parsed.data
  throw badPack(
    name,
    parsed.error.issues.map(({ path: at, message }) => `${at.join('.') || 'the file'}: ${message}`),
  )
}

const badPack = (name: string, problems: string[]) =>
  new WhetError({
    code: 'bad-pack',
    message: `The phrase pack ${name} has another shape than docs/phrase-packs.md describes. ${problems.slice(0, 8).join(' · ')}`,
    fixedBy: 'config',
    exit: 2,
    data: { pack: name, problems },
  })
