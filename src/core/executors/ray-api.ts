/** Ray's Jobs REST API, and the one address of its dashboard that hands files out. */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { exitCodes, WhetError } from '../errors.ts'
import { guardKey } from '../secrets.ts'
import { askRay, type RayAnswer, type RayRequest, textOf } from './ray-http.ts'

/** What this version speaks to. Measured with 2.60. */
const oldestRay = [2, 50] as const

const Job = z.object({
  submission_id: z.string(),
  status: z.enum(['PENDING', 'RUNNING', 'STOPPED', 'SUCCEEDED', 'FAILED']),
  message: z.string().nullish(),
  driver_exit_code: z.int().nullish(),
  driver_node_id: z.string().nullish(),
})
export type RayJob = z.infer<typeof Job>

export interface Submission {
  readonly submission_id: string
  readonly entrypoint: string // a shell's
  readonly runtime_env: { readonly working_dir: string; readonly env_vars: Readonly<Record<string, string>> }
  readonly metadata: Readonly<Record<string, string>>
}

export interface RayAddress {
  readonly address: string // of the dashboard: http://head:8265
  readonly tokenEnv?: string // environment variable that holds the cluster's token
}

export class RayApi {
  readonly #root: string
  readonly #tokenEnv: string | undefined

  constructor({ address, tokenEnv }: RayAddress) {
    this.#root = address.replace(/\/+$/, '')
    this.#tokenEnv = tokenEnv
    if (tokenEnv) guardKey(tokenEnv)
  }

  /** @throws WhetError ray-unreachable, ray-version, ray-token */
  async check(): Promise<void> {
    const found = z
      .object({ ray_version: z.string() })
      .safeParse(await json(await this.#ask('/api/version', {}, [200, 404])))
    if (!found.success)
      throw this.#error('ray-version', `What answers at ${this.#root} is no Ray job server. ${addressAdvice}`, 'config')
    const [major = 0, minor = 0] = found.data.ray_version.split('.').map(Number)
    if (major !== oldestRay[0] || minor < oldestRay[1])
      throw this.#error(
        'ray-version',
        `The cluster at ${this.#root} runs Ray ${found.data.ray_version}; this version of Whetstone speaks to ${oldestRay.join('.')} and later releases of Ray ${oldestRay[0]}. Update the cluster.`,
        'service',
      )
  }

  async hasPackage(name: string): Promise<boolean> {
    const answer = await this.#ask(`/api/packages/gcs/${name}`, {}, [200, 404])
    answer.drop()
    return answer.status === 200
  }

  async putPackage(name: string, zip: Buffer): Promise<void> {
    const answer = await this.#ask(`/api/packages/gcs/${name}`, { method: 'PUT', body: zip, timeoutMs: 600_000 }, [200])
    answer.drop()
  }

  /** @returns false where there is a job of this id already */
  async submit(submission: Submission): Promise<boolean> {
    const headers = { 'content-type': 'application/json' }
    const post = { method: 'POST', headers, body: JSON.stringify(submission), timeoutMs: 120_000 } as const
    const answer = await this.#ask('/api/jobs/', post, [200, 400, 500])
    const said = await textOf(answer)
    if (answer.status === 200) return true
    if (/already exists/.test(said)) return false
    throw this.#refused('the job', answer.status, said)
  }

  /** @returns undefined where the cluster knows no such job: never submitted, or the cluster was started anew */
  async job(id: string): Promise<RayJob | undefined> {
    const answer = await this.#ask(`/api/jobs/${id}`, {}, [200, 404])
    const body = await json(answer)
    return answer.status === 404 ? undefined : Job.parse(body)
  }

  /** SIGTERM to the job, and what `RAY_JOB_STOP_WAIT_TIME_S` says until it is killed. */
  async stop(id: string): Promise<void> {
    const answer = await this.#ask(`/api/jobs/${id}/stop`, { method: 'POST' }, [200, 404])
    answer.drop()
  }

  async logs(id: string): Promise<string> {
    const answer = await this.#ask(`/api/jobs/${id}/logs`, {}, [200, 404, 500]) // 500: its node is gone
    const found = z.object({ logs: z.string() }).safeParse(await json(answer))
    return found.success ? found.data.logs : ''
  }

  /**
   * A file below the logs folder of a node.
   * @param lines  the last so many; all where left out
   * @returns its bytes as they come; undefined where there is no such file (yet)
   */
  async file(node: string, name: string, lines = -1): Promise<AsyncIterable<Uint8Array> | undefined> {
    const query = new URLSearchParams({ node_id: node, filename: name, lines: String(lines) })
    const answer = await this.#ask(`/api/v0/logs/file?${query}`, { timeoutMs: 3_600_000 }, [200, 500])
    if (answer.status === 200) return answer.body
    answer.drop()
    return undefined
  }

  /** One request; what does not get through is tried three times within two seconds. */
  async #ask(path: string, request: RayRequest, expected: readonly number[]): Promise<RayAnswer> {
    for (let tries = 1; ; tries++) {
      try {
        const headers = { ...request.headers, ...this.#authorization() }
        const answer = await askRay(`${this.#root}${path}`, { ...request, headers })
        if (expected.includes(answer.status)) return answer
        const said = await textOf(answer)
        if (answer.status === 401 || answer.status === 403) throw this.#tokenWanted(answer.status)
        throw this.#refused(path, answer.status, said)
      } catch (error) {
        if (error instanceof WhetError) throw error
        if (tries === 3) throw this.#unreachable(error)
        await sleep(500 * tries)
      }
    }
  }

  #authorization(): Record<string, string> {
    const token = this.#tokenEnv && process.env[this.#tokenEnv]
    return token ? { authorization: `Bearer ${token}` } : {}
  }

  #tokenWanted(status: number): WhetError {
    const env = this.#tokenEnv
    const advice = !env
      ? 'Put the token into an environment variable and name that variable in executor.ray.tokenEnv.'
      : process.env[env]
        ? `The one in ${env} is not accepted: compare it with the cluster's.`
        : `executor.ray.tokenEnv names ${env}, and that variable is empty: set it.`
    return this.#error(
      'ray-token',
      `The Ray cluster at ${this.#root} asks for a token (HTTP ${status}). ${advice}`,
      'config',
    )
  }

  #unreachable(cause: unknown): WhetError {
    const why = (cause as { code?: string }).code ?? (cause as Error).name
    return new WhetError({
      code: 'ray-unreachable',
      message: `No Ray cluster answers at ${this.#root} (${why}). Start it, or correct executor.ray.address: ${addressAdvice} A job that is at work there goes on; \`whet resume\` finds it.`,
      fixedBy: 'service',
      exit: exitCodes.failed,
      data: { address: this.#root },
      cause,
    })
  }

  #refused(what: string, status: number, said: string): WhetError {
    const last = said.trimEnd().split('\n').at(-1)?.slice(0, 300) ?? ''
    return this.#error(
      'ray-refused',
      `The Ray cluster at ${this.#root} refuses ${what} (HTTP ${status}): ${last}`,
      'service',
    )
  }

  #error(code: string, message: string, fixedBy: 'config' | 'service'): WhetError {
    const exit = fixedBy === 'config' ? exitCodes.usage : exitCodes.failed
    return new WhetError({ code, message, fixedBy, exit, data: { address: this.#root } })
  }
}

const addressAdvice = "it is the dashboard's, such as http://head:8265."

const json = async (answer: RayAnswer): Promise<unknown> => {
  const text = await textOf(answer)
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
