import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { canonical, messageOf, type Split, splitOf, type ToolSchema, WhetError } from '../../../skill.ts'
import { cleanTool, isObject } from '../schema.ts'
import type { Catalogue } from '../tool-forms.ts'
import { validateConversations } from '../validate.ts'
import type { DataOptions } from './options.ts'
import { Recording } from './recording.ts'
import { kindOf } from './turn.ts'

/** What a definition keeps of a user's file: where it is and that it is still the same. */
export interface DataFile {
  readonly file: string
  readonly sha256: string
  readonly use: 'all' | 'train' | 'dev'
  readonly share: number
  readonly skip: readonly number[] // lines that the validation found wanting, from 1
  readonly tags: Readonly<Record<string, readonly string[]>> // all that its rows carry
}

export interface LoadedData {
  readonly files: readonly DataFile[]
  readonly tools: readonly ToolSchema[] // those that rows bring along and the catalogue lacks
  readonly notes: readonly string[]
}

interface Row {
  readonly line: number
  readonly recording: Omit<Recording, 'menu'> & { readonly menu: readonly string[] }
  readonly tools: readonly ToolSchema[]
}

/** Tools that a row without a list of its own shows beside those that it calls. */
const shownBeside = 4

/**
 * Reads imported conversations and checks them as `whet data validate` does: a row with an error is left out and
 * told. What rows bring along in tools joins the catalogue.
 * @throws {WhetError} data-file-missing · data-not-imported · data-empty
 */
export const loadData = async (
  options: readonly DataOptions[],
  baseDir: string,
  catalogue: readonly ToolSchema[],
): Promise<LoadedData> => {
  const tools = new Map(catalogue.map((tool) => [tool.name, tool]))
  const notes: string[] = []
  const files: DataFile[] = []
  for (const { file: name, use, share } of options) {
    const file = path.resolve(baseDir, name)
    const text = textOf(file)
    const rows = rowsOf(text, file)
    for (const row of rows) for (const tool of row.tools) if (!tools.has(tool.name)) tools.set(tool.name, tool)
    const bad = await wanting(text, { tools: [...tools.values()], unchecked: [] })
    for (const [line, why] of [...bad].slice(0, mostNotes)) notes.push(`${name}, line ${line}, is left out: ${why}`)
    if (bad.size > mostNotes) notes.push(`${name}: ${bad.size - mostNotes} further rows are left out`)
    const kept = rows.filter(({ line }) => !bad.has(line))
    if (kept.length === 0) throw emptyData(name, notes)
    files.push({ file, sha256: hashOf(text), use, share, skip: [...bad.keys()], tags: tagsOf(kept) })
  }
  return { files, tools: [...tools.values()].slice(catalogue.length), notes }
}

/** What the validation says against rows, by line. */
const wanting = async (text: string, catalogue: Catalogue): Promise<Map<number, string>> => {
  const { findings } = await validateConversations(text.split('\n'), catalogue)
  const errors = findings.filter(({ severity }) => severity === 'error')
  return new Map(errors.map(({ line, kind, message }) => [line, `${kind}: ${message}`]))
}
const mostNotes = 10

const textOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new WhetError({
      code: 'data-file-missing',
      message: `The data file ${file} cannot be read (${messageOf(cause)}). Check options.data, or write it with \`whet data import\`.`,
      fixedBy: 'config',
      exit: 2,
      data: { file },
      cause,
    })
  }
}

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')

const rowsOf = (text: string, file: string): Row[] =>
  text.split('\n').flatMap((line, at) => (line.trim() === '' ? [] : (rowOf(line, at + 1, file) ?? [])))

/** Nothing for a row that ends before an assistant speaks, or that is labelled bad: it is no truth. */
const rowOf = (text: string, line: number, file: string): Row | undefined => {
  let row: unknown
  try {
    row = JSON.parse(text)
  } catch {
    return undefined // told by the validation
  }
  if (!isObject(row) || !Array.isArray(row.prompt) || !Array.isArray(row.completion)) throw notImported(file, line)
  if (row.label === false) return undefined
  const all = [...row.prompt, ...row.completion] as Recording['messages']
  const messages = all.slice(0, all.findLastIndex((message) => message.role === 'assistant') + 1)
  const called = messages.flatMap((message) => (message.role === 'assistant' ? (message.toolCalls ?? []) : []))
  const tools = Array.isArray(row.tools) ? (row.tools as ToolSchema[]).flatMap(toolOf) : []
  const names = [...new Set(called.map(({ name }) => name))]
  const kinds = messages.flatMap((message) => (message.role === 'assistant' ? [kindOf(message)] : []))
  const request = messages.find(({ role }) => role === 'user')?.content ?? ''
  const recording = {
    id: `rec-${hashOf(canonical([messages, names])).slice(0, 12)}`,
    // the same request in two conversations is one family: a split must not see the other's
    family: `data:${hashOf(request.toLowerCase().trim()).slice(0, 12)}`,
    tags: { kind: ['recorded'], turn: [...new Set(kinds)], ...(names.length > 0 && { tool: names }) },
    kind: 'recorded' as const,
    menu: tools.length > 0 ? tools.map(({ name }) => name) : names,
    messages,
  }
  return Recording.safeParse(recording).success ? { line, recording, tools } : undefined
}

const toolOf = ({ name, description, parameters }: ToolSchema): ToolSchema[] => {
  try {
    return [cleanTool(name, description, parameters).tool]
  } catch {
    return [] // its calls are told as calls of an unknown tool
  }
}

const tagsOf = (rows: readonly Row[]) => {
  const tags: Record<string, string[]> = {}
  for (const { recording } of rows)
    for (const [dimension, values] of Object.entries(recording.tags))
      tags[dimension] = [...new Set([...(tags[dimension] ?? []), ...values])]
  return tags
}

/**
 * The recordings of a split, in the file's order.
 * @throws {WhetError} data-changed where the file is not the one that the definition was made from
 */
export const recordingsOf = (files: readonly DataFile[], catalogue: readonly ToolSchema[], split: Split): Recording[] =>
  files.flatMap(({ file, sha256, use, skip }) => {
    const text = textOf(file)
    if (hashOf(text) !== sha256) throw dataChanged(file)
    const left = new Set(skip)
    return rowsOf(text, file).flatMap((row) => {
      // a file that serves one split has families of its own: two files may have one request in common
      const family = use === 'all' ? row.recording.family : `${row.recording.family}:${use}`
      const own = use === 'all' ? splitOf(`family:${family}`) : use
      return left.has(row.line) || own !== split ? [] : [{ ...row.recording, family, menu: menuOf(row, catalogue) }]
    })
  })

const menuOf = ({ recording, tools }: Row, catalogue: readonly ToolSchema[]): string[] => {
  if (tools.length > 0) return [...recording.menu]
  const beside = catalogue.map(({ name }) => name).filter((name) => !recording.menu.includes(name))
  const start = Number.parseInt(recording.id.slice(4, 12), 16) % Math.max(1, beside.length)
  return [...recording.menu, ...[...beside.slice(start), ...beside.slice(0, start)].slice(0, shownBeside)].sort()
}

const notImported = (file: string, line: number) =>
  new WhetError({
    code: 'data-not-imported',
    message: `${file}, line ${line}, has no \`prompt\` and \`completion\`. Turn the file into rows first: \`whet data import FILE --format openai --out rows.jsonl\`.`,
    fixedBy: 'config',
    exit: 2,
    data: { file, line },
  })

const emptyData = (name: string, notes: readonly string[]) =>
  new WhetError({
    code: 'data-empty',
    message: `No row of ${name} can be used.${notes[0] ? ` ${notes[0]}.` : ''} \`whet data validate\` shows every finding.`,
    fixedBy: 'config',
    exit: 2,
    data: { file: name },
  })

const dataChanged = (file: string) =>
  new WhetError({
    code: 'data-changed',
    message: `${file} is no longer the file that this run began with. Put it back, or start a new run.`,
    fixedBy: 'config',
    data: { file },
  })
