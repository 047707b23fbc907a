/** A process of its own that runs one training job:  node --import tsx run-trainer.ts '{"argv": [...], "job": {...}}'. Says `started`, then `result`. */
import { localTrainer } from '../../src/core/trainer.ts'

const { argv, job } = JSON.parse(process.argv[2]!)
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)
const result = await localTrainer({ command: () => argv, pollMs: 20 }).run(job, {
  signal: new AbortController().signal,
  onStart: (start) => say({ started: start }),
  onEvent: ({ step }) => say({ step }),
})
say({ result })
