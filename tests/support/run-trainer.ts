/** A process of its own that runs one training job:  node --import tsx run-trainer.ts '{"executor": {...}, "job": {...}}'. Says `started`, then `result`. */
import { trainerOf } from './executors.ts'

const { executor, job } = JSON.parse(process.argv[2]!)
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)
const result = await trainerOf(executor).run(job, {
  signal: new AbortController().signal,
  onStart: (start) => say({ started: start }),
  onEvent: ({ step }) => say({ step }),
})
say({ result })
