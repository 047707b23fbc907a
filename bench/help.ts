import { spawnSync } from 'node:child_process'
import path from 'node:path'
import type { Figure } from './index.ts'

const main = path.join(import.meta.dirname, '..', 'dist', 'cli', 'main.js')
const runs = 9

/** A whole process from start to end; the median of several, in turn with a bare node. */
export const help = async (): Promise<Figure[]> => {
  const times = { whet: [] as number[], node: [] as number[] }
  for (let n = 0; n < runs; n += 1) {
    times.whet.push(wall([main, '--help']))
    times.node.push(wall(['-e', '0']))
  }
  return [
    {
      name: 'whet --help',
      value: median(times.whet),
      unit: 'ms',
      note: `aim under 300; median of ${runs}; needs npm run build`,
    },
    { name: '  peer: node -e 0', value: median(times.node), unit: 'ms', note: 'a bare process' },
  ]
}

const wall = (args: string[]): number => {
  const started = performance.now()
  const { status } = spawnSync(process.execPath, args, { stdio: 'ignore' })
  if (status !== 0) throw new Error(`${args.join(' ')} exited with ${status}`)
  return performance.now() - started
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
