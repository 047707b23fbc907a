/** A second process on a run's store:  node --import tsx store-worker.ts append|take|own FILE [N]. Says `ready`, then waits for a line. */
import { once } from 'node:events'
import { hostname } from 'node:os'
import { RunStore } from '../../src/core/store.ts'

const [what, file, n] = process.argv.slice(2) as [string, string, string?]
const store = RunStore.open(file)
process.stdout.write('ready\n')
await once(process.stdin, 'data')

if (what === 'append')
  for (let done = 0; done < Number(n); done++)
    store.append({ run: 'r', type: 'warning', data: { code: `from-${process.pid}`, message: String(done) } })
if (what === 'take') {
  const taken = store
    .pending()
    .filter(({ id }) => store.take(id, { run: 'r', type: 'order.taken', data: { id, verb: 'guide', answer: 'ok' } }))
  process.stdout.write(`${JSON.stringify(taken.map(({ id }) => id))}\n`)
}
if (what === 'own') {
  store.acquire({ pid: process.pid, host: hostname() })
  store.append({ run: 'r', type: 'run.resumed', data: {} })
  process.stdout.write('owned\n')
  await new Promise((resolve) => setTimeout(resolve, 600_000))
}
store.close()
process.stdin.destroy()
