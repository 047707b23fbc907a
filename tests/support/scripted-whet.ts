// `whet run` and `whet resume` with a scripted trainer and students:  node --import tsx tests/support/scripted-whet.ts run --config=FILE ...
// What surfaces start in tests in the place of the product's own process. STEP_MS slows the trainer down, so that it can be watched.
import { setTimeout as sleep } from 'node:timers/promises'
import { parseCommandLine } from '../../src/cli/program.ts'
import { loadProject } from '../../src/commands/project.ts'
import { isWhetError } from '../../src/core/errors.ts'
import type { Trainer } from '../../src/core/trainer.ts'
import { Workspace } from '../../src/core/workspace.ts'
import { resumeRun, startRun } from '../../src/graph/engine.ts'
import { toyStudents } from './toy.ts'

const steps = 8
const stepMs = Number(process.env.STEP_MS ?? 0)

const trainer: Trainer = {
  run: async (job, { onEvent, onStart, signal }) => {
    onStart?.({ adopted: false })
    for (let step = 1; step <= steps; step += 1) {
      if (stepMs > 0) await sleep(stepMs, undefined, { signal })
      const left = ((steps - step) * stepMs) / 1000
      onEvent({ step, of: steps, loss: 2 / step, tokens: step * 100, tokensPerSecond: 100, etaSeconds: left })
    }
    return { adapter: `${job.out}/adapter`, steps, tokens: steps * 100, seconds: 1, finalLoss: 2 / steps, versions: {} }
  },
}
const students = toyStudents([[], ['plain'], ['plain', 'loud'], ['plain', 'loud', 'twice']])

const parsed = await parseCommandLine(process.argv.slice(2), 'test')
if (parsed.kind !== 'command') throw new Error(parsed.text)
const { command, input } = parsed
const drain = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => drain.abort())
const options = {
  workspace: new Workspace(String(input.workspace)),
  machines: { trainer, students },
  drain: drain.signal,
  ...(stepMs > 0 && { sampleMs: stepMs }),
}
try {
  const config = input as { config: string; set: string[] }
  const outcome =
    command.name === 'resume'
      ? await resumeRun({ ...options, run: String(input.run) })
      : await startRun({
          ...options,
          loaded: await loadProject(config, { cwd: process.cwd() } as Parameters<typeof loadProject>[1]),
          name: String(input.name),
        })
  console.log(JSON.stringify(outcome))
} catch (error) {
  console.log(JSON.stringify(isWhetError(error) ? error : { error: { code: 'unexpected', message: String(error) } }))
  process.exitCode = 1
}
