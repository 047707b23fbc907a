import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadConfig } from '../../src/core/config.ts'
import { writeJsonl } from '../../src/core/jsonl.ts'
import { Workspace } from '../../src/core/workspace.ts'
import { depsOf, itemsOf, type Subject } from '../../src/graph/evaluate-subject.ts'
import { toySkill } from '../support/toy.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'whet-subject-'))
  writeFileSync(path.join(dir, 'whetstone.yaml'), 'skill: toy\nevaluation: { dev: 24, gate: 24, sealed: 12 }\n')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

test('a run is measured on its own items, and on more of them where more are asked for', async () => {
  const [loaded, workspace] = [await loadConfig(path.join(dir, 'whetstone.yaml')), Workspace.at(dir)]
  const base: Subject = { loaded, plugin: toySkill(), definition: { kinds: [] }, round: 0 }
  const asked = (subject: Subject, items?: number) => {
    const options = { workspace, target: 'toy', split: 'gate' as const, ...(items !== undefined && { items }) }
    return itemsOf(subject, options, depsOf(subject, options, dir))
  }
  const own = (await asked(base)).reverse()
  const files = workspace.run('toy')
  await writeJsonl(files.split('gate'), own)
  const ofRun = { ...base, files }
  const ids = (items: readonly { id: string }[]) => items.map(({ id }) => id)
  expect(ids(await asked(ofRun))).toEqual(ids(own))
  expect(ids(await asked(ofRun, 5))).toEqual(ids(own.slice(0, 5)))
  const more = ids(await asked(ofRun, 40))
  expect(more).toHaveLength(40)
  expect(ids(own).filter((id) => !more.includes(id))).toEqual([])
})
