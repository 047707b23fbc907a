import { readFileSync } from 'node:fs'

/**
 * What tells a process from a later one of the same number: the boot and the clock ticks since then at which it began (proc(5), field 22
 * of /proc/PID/stat). Undefined where the system does not say, or where there is no such process.
 */
export const processStart = (pid: number): string | undefined => {
  const fields = statFields(pid)
  return fields && `${bootId()}:${fields[19]}`
}

/**
 * Whether this host still runs the process that had this number and start.
 * @param started  from `processStart`; without it the number alone decides, and one used again passes for the old process
 */
export const isRunning = (pid: number, started: string | undefined): boolean => {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false // EPERM: it lives, under another user
  }
  const state = statFields(pid)?.[0]
  if (state === 'Z' || state === 'X') return false // killed, and its parent has not looked yet
  const now = processStart(pid)
  return started === undefined || now === undefined || now === started
}

/** The fields of /proc/PID/stat from the third (state) on; the second, the name, may hold spaces and brackets. */
const statFields = (pid: number): string[] | undefined => {
  const text = readIfThere(`/proc/${pid}/stat`)
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')
}

const bootId = () => readIfThere('/proc/sys/kernel/random/boot_id')?.trim() ?? ''

const readIfThere = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined // another system, or the process ended
  }
}
