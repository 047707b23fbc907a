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

const skill = readFileSync(path.join(plugins, '..', 'skill.ts'), 'utf8')
const exportsOf = [...skill.matchAll(/export (?:type )?(\*|\{[^}]*\}) from '(\.\/[^']+)'/g)].flatMap(
  ([, names = '', file = '']) => {
    const text = readFileSync(path.join(plugins, '..', file), 'utf8')
    const listed =
      names === '*'
        ? [...text.matchAll(/^export (?:interface|type|const) (\w+)/gm)].map(([, name = '']) => name)
        : names
            .slice(1, -1)
            .split(',')
            .map((name) => name.replace(/\btype\b/, '').trim())
    return listed.filter(Boolean).map((name) => ({ name, text }))
  },
)

test('everything that the surface offers, types too, is documented where it is made', () => {
  expect(exportsOf.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(surface)))
  const undocumented = exportsOf.filter(
    ({ name, text }) =>
      !new RegExp(
        `\\*/\\n(?:// biome-ignore .*\\n)?export (?:async )?(?:const|class|function\\*?|interface|type) ${name}\\b`,
      ).test(text),
  )
  expect(undocumented.map(({ name }) => name)).toEqual([])
})

/** The values of version 0.1: one that leaves or is renamed needs a major version, and this list a new heading. */
const promised =
  'BadPath Diversity EmbedderSetting Expressions NearDuplicates RubricFields Tally WhetError YamlFile anchorsOf canonical checkContains checkEquals checkLanguage checkLength checkNumber checkOrder checkPattern checkPlugin checkReadability checkSet checks coinedWords compileSchema definePlugin directionsOf documentExtensions documentText excerpt exitCodes functionEnvironment interleave isWhetError jsonPath judgeQuestion keepsThePluginContract lengthUnits linearPattern lintPairs makeMistake messageOf messageRoles mistakeKinds mulberry32 nearest openEmbedder parseExpression parseTemplate parseYaml patternsOf pick position pythonHome quoted readLines readRubric render requireKnownTags sample schemaHash schemaProblems seedFrom selfReference shuffle slotsOf spanIn splitOf splitPool unknownName valueAt valueNames valueSource valueSplit written yamlError'.split(
    ' ',
  )

test('a name that comes to it is one that a built-in skill uses', () => {
  const used = folders.flatMap(({ name: folder }) =>
    sourcesOf(folder).flatMap((file) =>
      [
        ...readFileSync(path.join(plugins, folder, file), 'utf8').matchAll(/\{([^{}]*)\} from '[^']*skill\.ts'/g),
      ].flatMap(([, names = '']) => names.split(',').map((name) => name.trim())),
    ),
  )
  expect(Object.keys(surface).filter((name) => !used.includes(name) && !promised.includes(name))).toEqual([])
})

test('a name that was offered stays until the next major version', () => {
  const { version } = JSON.parse(readFileSync(path.join(plugins, '..', '..', 'package.json'), 'utf8')) as {
    version: string
  }
  expect(version).toMatch(/^0\./)
  expect(Object.keys(surface)).toEqual(expect.arrayContaining(promised))
})
