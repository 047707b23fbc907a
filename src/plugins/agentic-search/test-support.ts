/** A made-up world for this skill's tests: its definition, items of dev, and a student that says what it is told to. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import type { AssistantTurn, DefineContext, Transcript } from '../../core/contract.ts'
import { playStudent } from '../../core/episode.ts'
import { scriptedStudent } from '../../core/student.ts'
import type { Definition } from './definition.ts'
import { agenticSearch as plugin } from './index.ts'
import type { Item } from './item.ts'

export const signal: AbortSignal = new AbortController().signal
export const context: DefineContext = { baseDir: '', signal, progress: () => {} }

export const itemsOf = async (of: Definition, rows: number, split: 'dev' | 'gate' = 'dev') => {
  const made: Item[] = []
  for await (const item of plugin.generate({ seed: 1, split, parts: [{ where: {}, rows }] }, of, context))
    made.push(item)
  return made
}

/** Filled before the tests of a file, and gone after them. */
export const world = {} as { dir: string; definition: Definition; items: Item[] }

export const useWorld = () => {
  beforeAll(async () => {
    world.dir = mkdtempSync(path.join(tmpdir(), 'whet-search-'))
    process.env.WHETSTONE_HOME = path.join(world.dir, 'home')
    world.definition = await plugin.define(plugin.options.parse({ corpus: { facts: 120 } }), context)
    world.items = await itemsOf(world.definition, 150)
  }, 60_000)
  afterAll(async () => {
    await plugin.dispose?.()
    delete process.env.WHETSTONE_HOME
    rmSync(world.dir, { recursive: true, force: true })
  })
}

export const call = (name: string, given: Record<string, unknown>, at = 0): AssistantTurn => ({
  role: 'assistant',
  content: '',
  toolCalls: [{ id: `c${at}`, name, arguments: given }],
})

export const play = async (item: Item, turn: (messages: Transcript, item: Item) => AssistantTurn | undefined) => {
  const student = scriptedStudent((messages) => turn(messages, item) ?? { role: 'assistant', content: '' })
  const options = { plugin, definition: world.definition, signal, scratch: world.dir, maxTokens: 100, seed: 1 }
  const { transcript } = await playStudent(item, student, options)
  return { transcript, grade: await plugin.grade(item, transcript, world.definition, { signal }) }
}

export const kind = (name: string) => world.items.find((item) => item.kind === name)!
