import { mkdirSync } from 'node:fs'
import path from 'node:path'

/** One scratch folder a worker: an environment may keep a tool server running in it from episode to episode. */
export const scratchPool = (root: string, workers: number) => {
  const free = Array.from({ length: workers }, (_, index) => index)
  return {
    /** Lends a folder, and its worker's number from 0, for the time of `work`. Never more callers at once than workers. */
    async use<T>(work: (scratch: string, worker: number) => Promise<T>): Promise<T> {
      const worker = free.pop()
      if (worker === undefined) throw new Error('more callers than workers')
      const scratch = path.join(root, `worker-${worker}`)
      try {
        mkdirSync(scratch, { recursive: true })
        return await work(scratch, worker)
      } finally {
        free.push(worker)
      }
    },
  }
}
