import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { loadConfig } from '../../src/core/config.ts'
import type { OrderVerb, RunEvent } from '../../src/core/events.ts'
import { type Json, RunStore } from '../../src/core/store.ts'
import { type RunFiles, Workspace } from '../../src/core/workspace.ts'
import { startRun } from '../../src/graph/engine.ts'
import { toySkill, toyStudents, toyTrainer } from './toy.ts'

export type Script = (event: RunEvent, order: (verb: OrderVerb, args?: Json) => void, files: RunFiles) => unknown

/** A toy run that waits before every round; `script` gives orders as events come. @returns its events and files */
export const steered = async (script: Script, text = '', drain?: AbortSignal, plugin = toySkill()) => {
  const dir = mkdtempSync(path.join(tmpdir(), 'whet-orders-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const file = path.join(dir, 'whetstone.yaml')
  writeFileSync(
    file,
    `skill: toy\nevaluation: { dev: 20, gate: 20, sealed: 10 }\nloop: { rounds: 2, rows: 40 }\n${/approve:/.test(text) ? '' : 'approve: every-round\n'}${text}`,
  )
  const workspace = Workspace.at(dir)
  const events: RunEvent[] = []
  const order =
    (run: string) =>
    (verb: OrderVerb, args: Json = null) => {
      const store = RunStore.open(workspace.run(run).database)
      store.order(verb, args, 'test')
      store.close()
    }
  const outcome = await startRun({
    workspace,
    plugin,
    machines: { trainer: toyTrainer(), students: toyStudents([[], ['plain'], ['plain', 'loud']]) },
    loaded: await loadConfig(file),
    ...(drain && { drain }),
    onEvent: (event) => {
      events.push(event)
      // after the run has taken its place at the door
      setTimeout(() => script(event, order(event.run), workspace.run(event.run)), 10)
    },
  })
  return { events, files: workspace.run(outcome.run), outcome, workspace }
}

/** What the run answered to its orders, the first one first. */
export const answers = (events: readonly RunEvent[]) =>
  events.flatMap((event) => (event.type === 'order.taken' ? [event.data.answer] : []))
