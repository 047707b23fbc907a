import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterEach, describe, expect, test } from 'vitest'
import { readJsonl } from '../../src/core/jsonl.ts'
import { RunStore } from '../../src/core/store.ts'
import { type RunFiles, Workspace } from '../../src/core/workspace.ts'
import type { ToyItem } from '../support/toy.ts'

const runner = fileURLToPath(new URL('../support/run-toy.ts', import.meta.url))
const config = `skill: toy
evaluation: { dev: 60, gate: 120, sealed: 10 }
loop: { rounds: 4, rows: 40 }
student: { slots: 4 }
train: { sft: { epochs: 1 } }
`
const stages = ['define', 'generate', 'validate', 'train', 'evaluate', 'gate', 'analyze'] as const

let dir = ''
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const process_ = (env: Record<string, string>) =>
  execa('node', ['--import', 'tsx', runner, dir], {
    // slow enough that a kill in `train` finds the trainer at work
    env: { SCRIPTED_TRAINER: JSON.stringify({ steps: 6, stepMs: 60 }), ...env },
    reject: false,
  })

const journal = () => {
  const file = path.join(dir, 'journal.txt')
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
}

const killedIn = async (stage: string) => {
  dir = mkdtempSync(path.join(tmpdir(), 'whet-kill-'))
  writeFileSync(path.join(dir, 'whetstone.yaml'), config)
  const child = process_({ HANG_AT: stage })
  await expect.poll(journal, { timeout: 25_000, interval: 50 }).toContain(`hang ${stage}`)
  child.kill('SIGKILL')
  await child
  const workspace = Workspace.at(dir)
  const files = workspace.run((await workspace.runs())[0]!)
  const stored = await storedReplies(files)
  const before = journal().length
  const resumed = await process_({})
  expect(resumed.stderr).toBe('')
  const askedAgain = journal()
    .slice(before)
    .filter((line) => stored.has(line))
  return { files, askedAgain }
}

/** The replies that were on disk when the process died, as the journal writes them. */
const storedReplies = async (files: RunFiles) => {
  const stored = new Set<string>()
  for (let round = 0; round <= 4; round += 1)
    for (const split of ['dev', 'gate'] as const)
      for (const { item } of (await readJsonl<{ item: ToyItem }>(files.round(round).evaluation(split))).rows)
        stored.add(`reply ${round} ${item.request}`)
  return stored
}

describe.each(stages)('a run whose process is killed in %s', (stage) => {
  test('goes on after resume: nothing finished is repeated, no row is lost or doubled, one trainer a round', async () => {
    const { files, askedAgain } = await killedIn(stage)
    const outcome = JSON.parse(journal().at(-1)!.replace('outcome ', ''))
    expect(outcome).toMatchObject({ status: 'finished', best: 3, targetsMet: true })

    for (const round of [1, 2, 3]) {
      const starts = readFileSync(path.join(files.round(round).train, 'starts.log'), 'utf8')
        .trim()
        .split('\n')
      expect(starts, `trainers of round ${round}`).toHaveLength(1)
      const { rows: items } = await readJsonl<{ id: string }>(files.round(round).items)
      expect(new Set(items.map(({ id }) => id)).size).toBe(items.length)
      for (const split of ['dev', 'gate'] as const) {
        const { rows: asked } = await readJsonl<{ id: string }>(files.split(split))
        const { rows, torn } = await readJsonl<{ item: { id: string } }>(files.round(round).evaluation(split))
        expect(torn).toBe(0)
        expect(rows.map(({ item }) => item.id).sort()).toEqual(asked.map(({ id }) => id).sort())
      }
    }

    expect(askedAgain).toEqual([])

    const store = RunStore.open(files.database, { readonly: true })
    const finished = store.events({ types: ['stage.finished'] }).map(({ round, stage: name }) => `${round} ${name}`)
    const seqs = store.events().map(({ seq }) => seq)
    store.close()
    expect(new Set(finished).size).toBe(finished.length)
    expect(seqs).toEqual(seqs.map((_, index) => index + 1))
  }, 60_000)
})
