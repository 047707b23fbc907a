import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { WhetError } from '../../skill.ts'
import { hashOf } from './effect.ts'
import type { Fixture } from './item.ts'

/** Empties the folder and lays the fixture into it. @throws {WhetError} fixture-escapes */
export const layFixture = async (root: string, { files, folders }: Fixture): Promise<void> => {
  for (const entry of await readdir(root)) await rm(path.join(root, entry), { recursive: true, force: true })
  for (const folder of folders) await mkdir(inside(root, folder), { recursive: true })
  for (const [name, content] of Object.entries(files)) {
    const file = inside(root, name)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, typeof content === 'string' ? content : numberedLines(name, content.lines))
  }
}

/** Every line differs from every other one, so that the first ten are told from the last ten. */
const numberedLines = (name: string, lines: number): string =>
  Array.from({ length: lines }, (_, index) => `Line ${index + 1} of ${path.basename(name)}.\n`).join('')

const inside = (root: string, name: string): string => {
  const file = path.resolve(root, name)
  if (file.startsWith(path.resolve(root) + path.sep)) return file
  throw new WhetError({
    code: 'fixture-escapes',
    message: `A fixture of the phrase pack lies outside the sandbox (${name}). Its paths must be relative and without "..".`,
    fixedBy: 'config',
    data: { path: name },
  })
}

/** More files than this are not listed: a student's calls cannot make so many. */
const maxEntries = 5_000

/** Every file and folder below: path with `/` to the hash of its content; folders end in `/` and links are not followed. */
export const treeOf = async (root: string): Promise<Record<string, string>> => {
  const tree: Record<string, string> = {}
  let left = maxEntries
  const walk = async (folder: string): Promise<void> => {
    for (const entry of await readdir(path.join(root, folder), { withFileTypes: true })) {
      left -= 1
      if (left < 0) return
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) {
        tree[`${name}/`] = ''
        await walk(name)
      } else if (entry.isFile()) tree[name] = hashOf(await readFile(path.join(root, name)))
      else tree[name] = 'not a file'
    }
  }
  await walk('')
  return tree
}
