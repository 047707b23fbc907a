import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { messageOf, schemaProblems, WhetError, YamlFile, yamlError } from '../../skill.ts'
import { type Complete, completed } from './defaults.ts'
import { Definition } from './definition.ts'
import { SkillFile } from './format.ts'
import { skillProblems } from './problems.ts'
import { type Row, readTable } from './table.ts'

type Path = readonly PropertyKey[]

/**
 * Reads a skill's YAML file with its schema and data, and checks one against the other. `placeOf` says where something of it stands.
 * @throws {WhetError} exit 2: skill-missing · data-missing · bad-data, or the code of the first problem of the file, with all
 *   of them in `data.problems`, each with its line and column
 */
export const readSkill = async (file: string): Promise<{ definition: Definition; placeOf: (path: Path) => string }> => {
  const text = await readText(file, 'skill-missing')
  const yaml = new YamlFile(text)
  const shape = yaml.readable ? [...yaml.problems, ...schemaProblems(yaml, SkillFile, yaml.value())] : yaml.problems
  if (shape.length > 0) throw yamlError(file, text, shape)
  const baseDir = path.dirname(file)
  const content = completed(await withSchema(SkillFile.parse(yaml.value()), baseDir))
  const rows = await readTable(content, baseDir)
  const columns = columnsOf(rows)
  const problems = skillProblems(yaml, content, columns)
  if (problems.length > 0) throw yamlError(file, text, problems)
  const placeOf = (at: Path) => {
    const { line, column } = yaml.place(at, 'value')
    return `${path.basename(file)}:${line}:${column}`
  }
  return { definition: plain({ content, rows, columns }), placeOf }
}

/** As it will be read back from the run's folder. */
const plain = (of: { content: Complete; rows: readonly Row[]; columns: readonly string[] }): Definition =>
  Definition.parse(JSON.parse(JSON.stringify(of)))

const withSchema = async (content: SkillFile, baseDir: string): Promise<SkillFile> => {
  if (typeof content.schema !== 'string') return content
  const file = path.resolve(baseDir, content.schema)
  const text = await readText(file, 'data-missing')
  try {
    return { ...content, schema: JSON.parse(text) }
  } catch (error) {
    throw new WhetError({
      code: 'bad-data',
      message: `${file} is no JSON: ${messageOf(error)}.`,
      fixedBy: 'plugin',
      exit: 2,
      data: { file },
    })
  }
}

/** Columns that any row has: a row may leave one out. */
const columnsOf = (rows: readonly Row[]): string[] => [...new Set(rows.flatMap((row) => Object.keys(row)))]

const readText = (file: string, code: string): Promise<string> =>
  readFile(file, 'utf8').catch((cause: unknown) => {
    throw new WhetError({
      code,
      message: `${file} cannot be read (${messageOf(cause)}).`,
      fixedBy: 'config',
      exit: 2,
      data: { file },
      cause,
    })
  })
