import { fileURLToPath } from 'node:url'
import { launchProcess } from '../../src/commands/launch.ts'

/** Ends a run's process, where it is still there. */
export const endProcess = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it has ended by itself
  }
}

/** Runs are processes of their own, as in the product, with scripted trainer and students. */
export const scriptedLaunch = launchProcess([
  process.execPath,
  '--import',
  import.meta.resolve('tsx'),
  fileURLToPath(new URL('scripted-whet.ts', import.meta.url)),
])
