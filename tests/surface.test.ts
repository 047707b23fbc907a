import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import * as surface from '../src/skill.ts'

const plugins = path.join(import.meta.dirname, '..', 'src', 'plugins')
const folders = readdirSync(plugins, { withFileTypes: true }).filter((entry) => entry.isDirectory())

/** The sources of a skill; its tests may look anywhere. */
const sourcesOf = (folder: string): string[] =>
  readdirSync(path.join(plugins, folder), { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !/\.test\.ts$|test-support\.ts$/.test(file),
  )

const importsOf = (folder: string, file: string) =>
  [...readFileSync(path.join(plugins, folder, file), 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(
    ([, specifier = '']) => specifier,
  )

test.each(folders.map(({ name }) => name))('%s imports only whetstone/skill from outside its folder', (folder) => {
  const outside = sourcesOf(folder).flatMap((file) =>
    importsOf(folder, file)
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => path.relative(plugins, path.resolve(plugins, folder, path.dirname(file), specifier)))
      .filter((target) => !target.startsWith(folder + path.sep))
      .map((target) => `${file} imports ${target}`),
  )
  expect(outside.filter((each) => !each.endsWith(path.join('..', 'skill.ts')))).toEqual([])
})

test('the package offers the surface as whetstone/skill, and it holds the contract', () => {
  const { exports } = JSON.parse(readFileSync(path.join(plugins, '..', '..', 'package.json'), 'utf8'))
  expect(exports['./skill']).toBe('./dist/skill.js')
  expect(surface).toHaveProperty('definePlugin')
})

test('everything that the surface offers as a value is documented where it is made', () => {
  const sources = readFileSync(path.join(plugins, '..', 'skill.ts'), 'utf8').matchAll(/from '(\.\/[^']+)'/g)
  const files = [...sources].map(([, file = '']) => readFileSync(path.join(plugins, '..', file), 'utf8'))
  const undocumented = Object.keys(surface).filter(
    (name) =>
      !files.some((text) => new RegExp(`\\*/\\nexport (async )?(const|class|function\\*?) ${name}\\b`).test(text)),
  )
  expect(undocumented).toEqual([])
})
