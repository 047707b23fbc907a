/**
 * Ray's Jobs REST API over real HTTP, as Ray 2.60 answers: packages, jobs with their life and exit codes, logs, files below the logs
 * folder. A job is a real process in its unpacked working directory; where that imports `ray`, it finds scripted-ray/ray.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import JSZip from 'jszip'

const fakeRay = fileURLToPath(new URL('scripted-ray', import.meta.url))
/** For these Ray takes a request to be a page's. */
const browserHeaders = ['referer', 'origin', 'sec-fetch-mode', 'sec-fetch-dest', 'sec-fetch-site', 'sec-fetch-user']
const headNode = 'f'.repeat(56)

interface Job {
  status: 'PENDING' | 'RUNNING' | 'STOPPED' | 'SUCCEEDED' | 'FAILED'
  exit: number | null
  readonly process: ChildProcess
  readonly stopSeconds: number
}

export interface ScriptedRay {
  readonly address: string
  readonly logs: string // the session's logs folder
  readonly requests: string[] // 'POST /api/jobs/'
  /** The next look at a node finds it lost. */
  loseNode(): void
  /** From now on every request is refused this way; undefined: answered again. */
  refuse: 'connection' | undefined
  close(): Promise<void>
}

export const scriptedRay = async (options: { token?: string; version?: string } = {}): Promise<ScriptedRay> => {
  const root = mkdtempSync(join(tmpdir(), 'whet-ray-'))
  const logs = join(root, 'logs')
  const lose = join(root, 'lose')
  mkdirSync(logs)
  const packages = new Map<string, Buffer>()
  const jobs = new Map<string, Job>()
  const requests: string[] = []
  const log = (id: string) => join(logs, `job-driver-${id}.log`)

  const app = new Hono()
  app.use(async (context, next) => {
    requests.push(`${context.req.method} ${new URL(context.req.url).pathname}`)
    const given = context.req.header('authorization')
    if (options.token && !given) return context.text('Unauthorized: Missing authentication token', 401)
    if (options.token && given !== `Bearer ${options.token}`)
      return context.text('Forbidden: Invalid authentication token', 403)
    const fromBrowser =
      /^mozilla/i.test(context.req.header('user-agent') ?? '') ||
      browserHeaders.some((name) => context.req.header(name))
    if (fromBrowser && context.req.method !== 'GET')
      return context.text(`'${context.req.method}' method not allowed for browser traffic.`, 405)
    await next()
  })
  app.get('/api/version', (context) =>
    context.json({ version: '4', ray_version: options.version ?? '2.60.0', ray_commit: 'scripted' }),
  )
  app.get('/api/packages/gcs/:name', (context) =>
    packages.has(context.req.param('name')) ? context.body(null) : context.text('Package does not exist', 404),
  )
  app.put('/api/packages/gcs/:name', async (context) => {
    packages.set(context.req.param('name'), Buffer.from(await context.req.arrayBuffer()))
    return context.body(null)
  })
  app.post('/api/jobs/', async (context) => {
    const { submission_id: id, entrypoint, runtime_env } = await context.req.json()
    if (jobs.has(id))
      return context.text(
        `ValueError: Job with submission_id ${id} already exists. Please use a different submission_id.`,
        500,
      )
    const cwd = join(root, id)
    const zip = await JSZip.loadAsync(packages.get(runtime_env.working_dir.replace('gcs://', ''))!)
    for (const [path, entry] of Object.entries(zip.files)) {
      if (entry.dir) continue
      mkdirSync(dirname(join(cwd, path)), { recursive: true })
      writeFileSync(join(cwd, path), await entry.async('nodebuffer'))
    }
    const out = openSync(log(id), 'a')
    const env = {
      ...process.env,
      ...runtime_env.env_vars,
      PYTHONPATH: fakeRay,
      PYTHONUNBUFFERED: '1',
      SCRIPTED_RAY_LOSE: lose,
    }
    const child = spawn(entrypoint, { shell: true, cwd, env, detached: true, stdio: ['ignore', out, out] })
    closeSync(out)
    const job: Job = {
      status: 'RUNNING',
      exit: null,
      process: child,
      stopSeconds: Number(env.RAY_JOB_STOP_WAIT_TIME_S ?? 3),
    }
    jobs.set(id, job)
    child.on('exit', (code, signal) => {
      if (job.status !== 'RUNNING') return
      job.exit = code ?? (signal ? -9 : 1)
      job.status = job.exit === 0 ? 'SUCCEEDED' : 'FAILED'
    })
    return context.json({ job_id: id, submission_id: id })
  })
  app.get('/api/jobs/:id', (context) => {
    const job = jobs.get(context.req.param('id'))
    if (!job) return context.text(`Job ${context.req.param('id')} does not exist`, 404)
    const { status, exit } = job
    const shown = {
      type: 'SUBMISSION',
      job_id: null,
      submission_id: context.req.param('id'),
      status,
      message: null,
      error_type: null,
      metadata: {},
    }
    return context.json({ ...shown, driver_node_id: headNode, driver_exit_code: exit })
  })
  app.get('/api/jobs/:id/logs', (context) => context.json({ logs: readFileSync(log(context.req.param('id')), 'utf8') }))
  app.post('/api/jobs/:id/stop', async (context) => {
    const job = jobs.get(context.req.param('id'))
    if (!job) return context.text('does not exist', 404)
    const running = job.status === 'RUNNING'
    if (running) stop(job)
    return context.json({ stopped: running })
  })
  app.get('/api/v0/logs/file', (context) => {
    const { node_id, filename = '', lines = '1000' } = context.req.query()
    const file = join(logs, filename)
    if (node_id !== headNode || !existsSync(file)) return context.text(`A file is not found at: ${file}`, 500)
    const content = readFileSync(file)
    if (lines === '-1') return context.body(new Uint8Array(content))
    const all = content.toString().split(/(?<=\n)/)
    return context.body(all.slice(-Number(lines)).join(''))
  })

  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
  await new Promise((resolve) => server.once('listening', resolve))
  const scripted: ScriptedRay = {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    logs,
    requests,
    loseNode: () => writeFileSync(lose, ''),
    refuse: undefined,
    async close() {
      for (const { process: child } of jobs.values()) killGroup(child, 'SIGKILL')
      await new Promise((resolve) => server.close(resolve))
      rmSync(root, { recursive: true, force: true, maxRetries: 10 })
    },
  }
  server.prependListener('request', (request: { socket: { destroy(): void } }) => {
    if (scripted.refuse === 'connection') request.socket.destroy()
  })
  return scripted
}

/** SIGTERM, the job's patience, SIGKILL; only then STOPPED. */
const stop = (job: Job) => {
  job.process.removeAllListeners('exit')
  const late = setTimeout(() => killGroup(job.process, 'SIGKILL'), job.stopSeconds * 1000)
  job.process.once('exit', () => {
    clearTimeout(late)
    job.status = 'STOPPED'
  })
  killGroup(job.process, 'SIGTERM')
}

const killGroup = ({ pid }: ChildProcess, signal: NodeJS.Signals) => {
  try {
    if (pid) process.kill(-pid, signal)
  } catch {}
}
