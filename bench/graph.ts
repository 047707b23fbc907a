import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { loadConfig } from '../src/core/config.ts'
import type { RunEvent } from '../src/core/events.ts'
import { Workspace } from '../src/core/workspace.ts'
import { startRun } from '../src/graph/engine.ts'
import { toySkill, toyStudents, toyTrainer } from '../tests/support/toy.ts'
import type { Figure } from './index.ts'

/** Wall time of a whole scripted run that no stage accounts for, over its stages: checkpoints, routing, the lease. */
export const graph = async (): Promise<Figure[]> => {
  const dir = mkdtempSync(path.join(tmpdir(), 'whet-bench-'))
  const file = path.join(dir, 'whetstone.yaml')
  writeFileSync(
    file,
    'skill: toy\nevaluation: { dev: 40, gate: 60, sealed: 10 }\nloop: { rounds: 6, rows: 30, plateau: 6 }\n',
  )
  const events: (RunEvent & { ms: number })[] = []
  await startRun({
    workspace: Workspace.at(dir),
    plugin: toySkill(),
    machines: { trainer: toyTrainer(), students: toyStudents([[], ['plain']]) },
    loaded: await loadConfig(file),
    onEvent: (event) => events.push({ ...event, ms: performance.now() }),
  })
  rmSync(dir, { recursive: true, force: true })
  const at = (type: string) => events.filter((event) => event.type === type)
  const [first, last] = [at('stage.started')[0]!, at('stage.finished').at(-1)!]
  const inside = at('stage.finished').reduce(
    (sum, event) => sum + (event.type === 'stage.finished' ? event.data.ms : 0),
    0,
  )
  const stages = at('stage.finished').length
  return [
    {
      name: 'graph overhead a stage',
      value: (last.ms - first.ms - inside) / stages,
      unit: 'ms',
      note: `aim under 50; ${stages} stages, SQLite checkpoints, durability sync`,
    },
  ]
}
