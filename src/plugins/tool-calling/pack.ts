import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { LineCounter, parseDocument } from 'yaml'
import { messageOf, WhetError } from '../../skill.ts'
import { type NamedPack, Pack } from './pack-schema.ts'

/** The packs that come with the product. */
export const builtinPacks: readonly string[] = ['filesystem']

/**
 * Reads a phrase pack by its built-in name, or by a path that starts at `baseDir`.
 * @throws {WhetError} pack-missing · broken-yaml (with line and column) · bad-pack (its shape)
 */
export const loadPack = async (name: string, baseDir: string): Promise<NamedPack> => {
  const file = builtinPacks.includes(name)
    ? fileURLToPath(new URL(`./packs/${name}.yaml`, import.meta.url))
    : path.resolve(baseDir, name)
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new WhetError({
      code: 'pack-missing',
      message: `The phrase pack ${name} cannot be read (${messageOf(cause)}). Built in: ${builtinPacks.join(', ')}; any other name is a path.`,
      fixedBy: 'config',
      exit: 2,
      data: { pack: name },
      cause,
    })
  })
  return { name, content: parsePack(text, name) }
}

/** @throws {WhetError} broken-yaml · bad-pack */
export const parsePack = (text: string, name: string): Pack => {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const broken = document.errors[0]
  if (broken) {
    const { line, col } = lines.linePos(broken.pos[0])
    throw new WhetError({
      code: 'broken-yaml',
      message: `${name}:${line}:${col}: ${broken.message.split('\n')[0]}`,
      fixedBy: 'config',
      exit: 2,
      data: { file: name, line, column: col },
    })
  }
  const parsed = Pack.safeParse(document.toJS())
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path: at, message }) => `${at.join('.') || 'the file'}: ${message}`)
  throw new WhetError({
    code: 'bad-pack',
    message: `The phrase pack ${name} has another shape than docs/phrase-packs.md describes. ${problems.slice(0, 8).join(' · ')}`,
    fixedBy: 'config',
    exit: 2,
    data: { pack: name, problems },
  })
}
