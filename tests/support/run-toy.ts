// A process of its own for tests that kill it:  node --import tsx tests/support/run-toy.ts DIR
// It starts the toy run of DIR, or resumes the one that is there. HANG_AT names the stage in which it stands still; REAL_MACHINES
// takes the product's own trainer and student server in the place of scripted ones.
import { appendFileSync } from 'node:fs'
import path from 'node:path'
import { loadConfig } from '../../src/core/config.ts'
import type { RunEvent } from '../../src/core/events.ts'
import { Workspace } from '../../src/core/workspace.ts'
import { resumeRun, startRun } from '../../src/graph/engine.ts'
import { trainerOf } from './executors.ts'
import { scriptedTrainer } from './scripted-trainer.ts'
import { type Hook, toySkill, toyStudents } from './toy.ts'

const dir = process.argv[2]!
const hangAt = process.env.HANG_AT
const journal = (line: string) => appendFileSync(path.join(dir, 'journal.txt'), `${line}\n`)

/** Stands still for good, and says so, so that the test knows when to kill. */
const standStill = (stage: string) => {
  journal(`hang ${stage}`)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

let round = 0
const hook: Hook = (stage) => {
  // the first two rounds of a stage may pass: a crash in the middle of a history is the harder case
  if (stage === hangAt && (stage === 'define' || round >= 1)) standStill(stage)
}

let replies = 0
const students = toyStudents([[], ['plain'], ['plain', 'loud'], ['plain', 'loud', 'twice']], (request) => {
  journal(`reply ${round} ${request}`)
  replies += 1
  if (hangAt === 'evaluate' && round === 1 && replies > 180 + 90) standStill('evaluate')
})

const options = {
  workspace: Workspace.at(dir),
  plugin: toySkill(hook),
  ...(!process.env.REAL_MACHINES && {
    machines: {
      students,
      trainer: trainerOf({ local: { argv: scriptedTrainer } }),
    },
  }),
  onEvent: (event: RunEvent) => {
    round = event.round ?? round
    if (event.type === 'train.started') journal(`trainer ${event.data.adopted ? 'adopted' : 'started'}`)
    if (event.type === 'train.step') journal(`step ${event.data.step}`)
    if (event.type === 'eval.progress') journal(`answers ${round} ${event.data.split} ${event.data.done}`)
    if (event.type === 'stage.started') journal(`stage ${event.round} ${event.stage}`)
    if (event.type === 'train.step' && hangAt === 'train') standStill('train')
  },
}

const [run] = await options.workspace.runs()
const outcome = run
  ? await resumeRun({ ...options, run })
  : await startRun({ ...options, loaded: await loadConfig(path.join(dir, 'whetstone.yaml')) })
journal(`outcome ${JSON.stringify(outcome)}`)
