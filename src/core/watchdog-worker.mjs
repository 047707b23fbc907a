// Ends a process that a skill's code keeps busy for ever: nothing else can, since no timer and no Ctrl-C handler of it runs any more.
import { writeSync } from 'node:fs'
import { workerData } from 'node:worker_threads'

const { beats, label, limitMs, everyMs, pid } = workerData
let seen = -1
let quiet = 0

// its own ticks are counted and no clock: a laptop that slept has not hung
setInterval(() => {
  const now = Atomics.load(beats, 0)
  quiet = now === seen ? quiet + 1 : 0
  seen = now
  if (quiet * everyMs < limitMs) return
  const what = new TextDecoder().decode(label.slice(1, 1 + label[0]))
  writeSync(
    2,
    `\n${what} has kept this process busy for ${Math.round(limitMs / 1000)} s and was stopped (plugin-hangs). Look for a loop without end in it; a run that was under way goes on with \`whet resume\`.\n`,
  )
  process.kill(pid, 'SIGKILL')
}, everyMs)
