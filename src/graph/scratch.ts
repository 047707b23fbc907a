import { mkdirSync } from 'node:fs'
import path from 'node:path'

/** One scratch folder a worker: an environment may keep a tool server running in it from episode to episode. */
export const scratchPool = (root: string, workers: number) => {
  const free = Array.from({ length: workers }, (_, index) => path.join(root, `worker-${index}`))
  return {
    /** Lends a folder for the time of `work`. Never more callers at once than workers. */
    async use<T>(work: (scratch: string) => Promise<T>): Promise<T> {
      const scratch = free.pop()
      if (scratch === undefined) throw new Error('more callers than workers')
      try {
        mkdirSync(scratch, { recursive: true })
        return await work(scratch)
      } finally {
        free.push(scratch)
      }
    },
  }
}
