/** A new skill of each kind goes through a whole run with nothing edited; its student and its trainer are scripted. */
import { mkdir, symlink } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { kinds } from '../src/commands/recommend.ts'
import { loadConfig } from '../src/core/config.ts'
import type { AnySkill, ItemBase, Transcript } from '../src/core/contract.ts'
import { readJsonl } from '../src/core/jsonl.ts'
import { scriptedStudent } from '../src/core/student.ts'
import { Workspace } from '../src/core/workspace.ts'
import type { Students } from '../src/graph/deps.ts'
import { startRun } from '../src/graph/engine.ts'
import { readFrozen } from '../src/graph/nodes/define.ts'
import { runStatus } from '../src/graph/status.ts'
import { loadPlugin } from '../src/plugins/index.ts'
import { folder, whet } from './cli-fixture.ts'
import { newSkill } from './support/new-skill.ts'
import { toyTrainer } from './support/toy.ts'

const openingOf = (messages: Transcript) => {
  const first = messages.findIndex(({ role }) => role === 'assistant')
  return JSON.stringify(first < 0 ? messages : messages.slice(0, first))
}

/** Untouched, it chats; trained, it says what the skill's gold says. Whose question it is asked, it finds in the run's own files. */
const learner = (workspace: Workspace, plugin: AnySkill): Students => ({
  base: async () => ({ dir: 'scripted', sha256: 'scripted' }),
  open: async ({ adapter }) => {
    const files = await workspace.find()
    const { definition } = await readFrozen(files, plugin)
    const asked = new Map<string, ItemBase>()
    for (const split of ['dev', 'gate'] as const)
      for (const item of (await readJsonl<ItemBase>(files.split(split))).rows)
        asked.set(openingOf(plugin.begin(item, definition).messages), item)
    const student = scriptedStudent((messages) => {
      const item = adapter ? asked.get(openingOf(messages)) : undefined
      return (item && plugin.gold(item, messages, definition)) ?? { role: 'assistant', content: 'What a question!' }
    })
    return { student, close: async () => {} }
  },
})

test.each(kinds)(
  'whet run of a new skill like %s trains, measures and promotes a student that learned',
  async (kind) => {
    const dir = await newSkill(await folder(), kind)
    const workspace = Workspace.at(dir)
    const loaded = await loadConfig(path.join(dir, 'whetstone.yaml'))
    const machines = {
      trainer: toyTrainer(),
      students: learner(workspace, await loadPlugin(loaded.config.skill, dir)),
    }
    const { run, ...outcome } = await startRun({ workspace, loaded, machines })
    expect(outcome).toMatchObject({ status: 'finished', best: 1, targetsMet: true })
    const { rounds } = await runStatus(workspace, run)
    expect(rounds.map(({ rates }) => rates.gate[0]?.rate)).toEqual([0, 1])
    expect(rounds[1]?.verdict?.verdict).toBe('promote')
    expect(rounds[1]?.rows).toMatchObject({ rejected: 0, leaked: 0 })
    expect(rounds[1]?.rows.trained).toBeGreaterThan(200) // of the 240 that its config asks for
    const { code, stdout } = await whet(dir, ['report', run, '--format', 'md'])
    expect([code, stdout]).toEqual([0, expect.stringContaining('my-own')])
  },
)

test.each(['declarative', 'tool-calling'])(
  'a new skill like %s is named by its folder and by its package',
  async (kind) => {
    const outside = await folder()
    await newSkill(outside, kind)
    for (const skill of ['./my-own', path.join(outside, 'my-own')])
      expect(await loadPlugin(skill, outside)).toMatchObject({ name: 'my-own' })
    await mkdir(path.join(outside, 'node_modules'))
    await symlink(path.join(outside, 'my-own'), path.join(outside, 'node_modules', 'my-own'))
    expect(await loadPlugin('my-own', outside)).toMatchObject({ name: 'my-own' })
  },
)

test('a folder that does not say what its skill is, is told how to say it', async () => {
  await expect(loadPlugin('./', await folder())).rejects.toMatchObject({
    code: 'no-skill-in-folder',
    message: expect.stringContaining('"main"'),
  })
})
