/** A real Ray cluster on this machine: a head without CPUs of its own, and nodes that come and go, each a group of processes. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa, type ResultPromise } from 'execa'

export interface Cluster {
  readonly address: string
  /** A node with one CPU. */
  addNode(): Promise<RayNode>
  close(): Promise<void>
}

export interface RayNode {
  /** As the plug pulled: nothing of it says goodbye. */
  lose(): Promise<void>
}

const freePort = (from: number, to: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const port = from + Math.floor(Math.random() * (to - from))
    const server = createServer()
    server.once('error', () => freePort(from, to).then(resolve, reject))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(port)))
  })

/** @param python  an interpreter with Ray, from trainers/requirements-ray.txt */
export const startCluster = async (python: string): Promise<Cluster> => {
  const temp = await mkdtemp(join(tmpdir(), 'wr-')) // short: sockets lie below it
  const [gcs, dashboard] = [await freePort(6400, 7400), await freePort(8300, 9300)] // above 10002 Ray's own workers listen
  const running = new Set<ResultPromise>()
  const ray = (...args: string[]) => {
    const child = execa(
      python,
      [
        '-m',
        'ray.scripts.scripts',
        'start',
        '--block',
        '--disable-usage-stats',
        '--object-store-memory=80000000',
        ...args,
      ],
      { reject: false, detached: true, all: true, stdin: 'ignore', env: { RAY_raylet_start_wait_time_s: '240' } },
    )
    running.add(child)
    return child
  }
  const kill = async (child: ResultPromise) => {
    const { stdout } = await execa('ps', ['-eo', 'pid=,ppid='])
    const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number))
    const below = (pid: number): number[] =>
      rows.filter(([, parent]) => parent === pid).flatMap(([each]) => [each!, ...below(each!)])
    const pids = child.pid ? [child.pid, ...below(child.pid)] : []
    for (const pid of pids)
      try {
        process.kill(pid, 'SIGKILL')
      } catch {}
    running.delete(child)
    await child
  }
  const head = ray(
    '--head',
    '--node-ip-address=127.0.0.1',
    `--port=${gcs}`,
    '--num-cpus=0',
    '--include-dashboard=true',
    `--dashboard-port=${dashboard}`,
    `--temp-dir=${temp}`,
  )
  const address = `http://127.0.0.1:${dashboard}`
  const nodes = async (): Promise<number> => {
    const response = await fetch(
      `${address}/api/v0/nodes?filter_keys=state&filter_predicates=%3D&filter_values=ALIVE`,
    ).catch(() => undefined)
    if (!response?.ok) return 0
    const { data } = (await response.json()) as { data?: { result?: { total?: number } } }
    return data?.result?.total ?? 0
  }
  const until = async (wanted: number) => {
    for (const late = Date.now() + 240_000; (await nodes()) !== wanted; await sleep(500))
      if (Date.now() > late || head.exitCode !== null)
        throw new Error(
          `the cluster has ${await nodes()} nodes and not ${wanted}: ${head.exitCode === null ? 'late' : (await head).all}`,
        )
  }
  const close = async () => {
    for (const child of [...running].reverse()) await kill(child)
    await rm(temp, { recursive: true, force: true, maxRetries: 10 })
  }
  await until(1).catch(async (error) => {
    await close()
    throw error
  })
  return {
    address,
    close,
    async addNode() {
      const before = await nodes()
      const child = ray(`--address=127.0.0.1:${gcs}`, '--num-cpus=1')
      await until(before + 1)
      return { lose: () => kill(child) }
    },
  }
}

/** A folder beside the trainers' environment, whose name follows the locked requirements. */
export const rayPython = async (home: string, requirements: string, hash: string): Promise<string> => {
  const folder = join(home, `ray-${hash.slice(0, 12)}`)
  const python = join(folder, 'bin', 'python')
  const works = async () => !(await execa(python, ['-c', 'import ray'], { reject: false })).failed
  if (await works()) return python
  await mkdir(home, { recursive: true })
  await rm(folder, { recursive: true, force: true })
  await execa('python3', ['-m', 'venv', folder], { stdio: 'inherit' })
  await execa(python, ['-m', 'pip', 'install', '-q', '--require-hashes', '-r', requirements], { stdio: 'inherit' })
  return python
}
