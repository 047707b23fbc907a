import { mkdir, symlink } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'vitest'
import { whet } from '../cli-fixture.ts'
import { root } from './documents.ts'

/** A new package in a folder, as `whet plugin new NAME --like KIND` and `npm install` would leave it. @returns its folder */
export const newSkill = async (folder: string, kind: string, name = 'my-own'): Promise<string> => {
  const { code, stdout } = await whet(folder, ['plugin', 'new', name, '--like', kind, '--json'])
  expect([code, JSON.parse(stdout).kind]).toEqual([0, kind])
  const modules = path.join(folder, name, 'node_modules')
  await mkdir(modules)
  await symlink(root, path.join(modules, 'whetstone'))
  for (const each of ['zod', 'vitest']) await symlink(path.join(root, 'node_modules', each), path.join(modules, each))
  return path.join(folder, name)
}
