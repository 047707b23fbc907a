/** What a run takes of this machine: memory of its processes by what they are for, and the GPUs. */
import { readdir, readFile } from 'node:fs/promises'
import { execa } from 'execa'
import { isRunning, processStart } from './process-identity.ts'

export interface Usage {
  /** Resident memory, bytes, each with what it started; pages that processes share count in each of them. */
  readonly processes: readonly { readonly what: string; readonly bytes: number }[]
  readonly gpus: readonly Gpu[]
}

export interface Gpu {
  readonly name: string
  readonly usedBytes: number // by all processes of the machine
  readonly totalBytes: number
  readonly busy: number | null // share of the last moments in which it worked, 0..1; null where it does not say
}

/** A process as the system lists it. */
export interface Listed {
  readonly parent: number
  readonly bytes: number // resident
}

/** Processes of a run by what they are for. One that has ended is forgotten by itself. */
export class Processes {
  readonly #known = new Map<number, { readonly what: string; readonly started: string | undefined }>()

  /** @param own  what this process, and whatever nobody else is named for, is called */
  constructor(private readonly own = 'loop') {}

  watch(what: string, pid: number): void {
    this.#known.set(pid, { what, started: processStart(pid) })
  }

  /** @returns nothing on a system that does not list its processes */
  async bytes(list: () => Promise<ReadonlyMap<number, Listed>> = listProcesses): Promise<Usage['processes']> {
    for (const [pid, { started }] of this.#known) if (!isRunning(pid, started)) this.#known.delete(pid)
    const names = new Map([[process.pid, this.own], ...[...this.#known].map(([pid, { what }]) => [pid, what] as const)])
    return sumByName(await list(), names)
  }
}

/** Sums each process into the nearest one above it that has a name; what stands under none is somebody else's. */
export const sumByName = (
  list: ReadonlyMap<number, Listed>,
  names: ReadonlyMap<number, string>,
): Usage['processes'] => {
  const sums = new Map<string, number>()
  for (const [pid, { bytes }] of list) {
    const name = nameOf(pid, list, names)
    if (name !== undefined) sums.set(name, (sums.get(name) ?? 0) + bytes)
  }
  return [...sums].map(([what, bytes]) => ({ what, bytes }))
}

/** Longest line of parents that is followed: a list that was read while processes came and went may hold a circle. */
const deepest = 100

const nameOf = (pid: number, list: ReadonlyMap<number, Listed>, names: ReadonlyMap<number, string>) => {
  for (let [at, depth] = [pid, 0]; depth < deepest && list.has(at); depth += 1) {
    const name = names.get(at)
    if (name !== undefined) return name
    at = list.get(at)!.parent
  }
  return undefined
}

/** All processes of this machine: from /proc, else from `ps`; none on a system that has neither. */
export const listProcesses = (): Promise<Map<number, Listed>> =>
  process.platform === 'linux' ? fromProc() : fromPs().catch(() => new Map())

const fromProc = async (): Promise<Map<number, Listed>> => {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  const list = new Map<number, Listed>()
  for (const pid of pids) {
    const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '') // it may have ended meanwhile
    const number = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0)
    if (text !== '') list.set(Number(pid), { parent: number('PPid'), bytes: number('VmRSS') * 1024 })
  }
  return list
}

const fromPs = async (): Promise<Map<number, Listed>> => {
  const { stdout } = await execa('ps', ['-A', '-o', 'pid=,ppid=,rss='], { timeout: 5_000 })
  const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number))
  return new Map(rows.map(([pid = 0, parent = 0, kilobytes = 0]) => [pid, { parent, bytes: kilobytes * 1024 }]))
}

const query = ['--query-gpu=name,memory.used,memory.total,utilization.gpu', '--format=csv,noheader,nounits']

/** The NVIDIA GPUs of this machine. Where their tool is missing nobody asks again. */
export const gpuReader = (command = 'nvidia-smi'): (() => Promise<readonly Gpu[]>) => {
  let missing = false
  return async () => {
    if (missing) return []
    const said = await execa(command, query, { reject: false, timeout: 5_000, stdin: 'ignore' })
    missing = said.failed
    return said.failed ? [] : gpusIn(said.stdout)
  }
}

/** Its table: memory in MiB, work in percent; `[N/A]` where a card does not say. */
export const gpusIn = (table: string): Gpu[] =>
  table.split('\n').flatMap((line) => {
    const [name = '', used, total, busy] = line.split(',').map((cell) => cell.trim())
    const mebibytes = (cell: string | undefined) => Number(cell) * 1024 * 1024
    if (!name || Number.isNaN(Number(used ?? Number.NaN)) || Number.isNaN(Number(total ?? Number.NaN))) return []
    const share = Number(busy ?? Number.NaN) / 100
    return [
      { name, usedBytes: mebibytes(used), totalBytes: mebibytes(total), busy: Number.isNaN(share) ? null : share },
    ]
  })
