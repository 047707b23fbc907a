/**
 * Students on vLLM servers: each serves the base already, and an adapter is loaded into all of them at run time. Nothing is merged and
 * nothing starts, so a round's student can be asked a second after its training has ended.
 */
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { join } from 'node:path'
import { raced } from './deadline.ts'
import { exitCodes, isWhetError, WhetError } from './errors.ts'
import { apiBase, checkEndpoint } from './fleet/check.ts'
import type { FleetChange } from './fleet/fleet.ts'
import { studentOf } from './fleet/student.ts'
import { openAiStudent, type Student } from './student.ts'

export interface VllmOptions {
  readonly urls: readonly string[] // servers of the same base, with or without /v1
  readonly adapter: string | null // a LoRA adapter's folder, which every server sees under the same path; null: the base itself
  readonly slots: number // replies that each works on at once
  readonly timeoutMs: number // for one reply
  readonly apiKeyEnv?: string
  onChange?(change: FleetChange): void
}

/**
 * @returns a student that loads its adapter into a server before the first reply there, and once more where a server has forgotten it
 *   because it was started anew; `close` takes the adapter out everywhere
 * @throws WhetError vllm-whole-weights (config); from its replies student-fleet-down, vllm-no-adapters, vllm-adapter-refused
 */
export const vllmStudent = async (options: VllmOptions): Promise<{ student: Student; close(): Promise<void> }> => {
  const { urls, adapter, slots, timeoutMs, apiKeyEnv, onChange } = options
  const name = adapter === null ? undefined : await nameOf(adapter)
  const key = () => (apiKeyEnv === undefined ? undefined : process.env[apiKeyEnv])
  const servers = urls.map((url) => new Server(apiBase(url), key))
  const endpoints = servers.map((server) => ({
    name: server.name,
    slots,
    check: (signal: AbortSignal) => checkEndpoint(server.url, key(), signal),
    use: withAdapter(
      openAiStudent({
        baseUrl: server.url,
        ...(name && { model: name }),
        ...(apiKeyEnv && { apiKeyEnv }),
        timeoutMs,
        retries: 0,
        calls: 'own',
      }),
      name && adapter ? () => server.load(name, adapter) : async () => {},
    ),
  }))
  return {
    student: studentOf(endpoints, { ...(onChange && { onChange }), ...(name && { name }) }),
    close: async () => {
      if (name) await Promise.all(servers.map((server) => server.unload(name)))
    },
  }
}

/** The same weights have the same name: whoever loads them twice gets what is there. */
const nameOf = async (adapter: string): Promise<string> => {
  const weights = join(adapter, 'adapter_model.safetensors')
  if (!existsSync(weights)) throw wholeWeights(adapter)
  const digest = createHash('sha256')
  for await (const chunk of createReadStream(weights)) digest.update(chunk as Buffer)
  return `whet-${digest.digest('hex').slice(0, 16)}`
}

/** Loads before the first reply; a server that says 404 has been started anew meanwhile. */
const withAdapter = (student: Student, load: () => Promise<void>): Student => {
  let loading: Promise<void> | undefined
  const ready = (signal: AbortSignal) => {
    loading ??= load().catch((error) => {
      loading = undefined
      throw error
    })
    return raced(loading, signal) // several wait for one loading, and each may be called off
  }
  return {
    name: student.name,
    // a slot is llama.cpp's; here the prompt cache finds its way by itself
    reply: async (messages, tools, { slot: _, ...options }) => {
      await ready(options.signal)
      try {
        return await student.reply(messages, tools, options)
      } catch (error) {
        if (!isWhetError(error) || (error.data as { status?: number }).status !== 404) throw error
        loading = undefined
        await ready(options.signal)
        return await student.reply(messages, tools, options)
      }
    },
  }
}

const loadMs = 120_000 // from a slow shared disk

class Server {
  readonly name: string

  constructor(
    readonly url: string, // ends with /v1
    private readonly key: () => string | undefined,
  ) {
    this.name = new URL(url).host
  }

  /** @throws WhetError vllm-no-adapters, vllm-adapter-refused; student-unreachable, which takes the server out for a while */
  async load(name: string, path: string): Promise<void> {
    const deadline = AbortSignal.timeout(loadMs)
    const answer = await this.post('load_lora_adapter', { lora_name: name, lora_path: path }, deadline).catch(() => {
      throw this.error(
        'student-unreachable',
        `${this.name} cannot be reached, or did not take the adapter within ${loadMs / 1000} s.`,
        'service',
        {},
      )
    })
    const said = (await answer.text().catch(() => '')).slice(0, 300)
    if (answer.ok || /already been loaded/.test(said)) return
    const data = { where: this.name, status: answer.status }
    if (answer.status >= 500)
      throw this.error('student-unreachable', `${this.name} answers with HTTP ${answer.status}.`, 'service', data)
    if (answer.status === 404 && !/adapter/i.test(said))
      throw this.error(
        'vllm-no-adapters',
        `${this.name} loads no adapters. Start it with \`VLLM_ALLOW_RUNTIME_LORA_UPDATING=True vllm serve BASE --enable-lora\`.`,
        'config',
        data,
      )
    throw this.error(
      'vllm-adapter-refused',
      `${this.name} does not load the adapter (HTTP ${answer.status}): ${said || 'it does not say why'}. It has to see ${path} under this very path, and to allow its rank (--max-lora-rank).`,
      'config',
      data,
    )
  }

  /** A server that is gone has forgotten it anyway. */
  async unload(name: string): Promise<void> {
    const answer = await this.post('unload_lora_adapter', { lora_name: name }, AbortSignal.timeout(10_000)).catch(
      () => undefined,
    )
    await answer?.body?.cancel()
  }

  private post(path: string, body: object, signal: AbortSignal): Promise<Response> {
    const key = this.key()
    const headers = { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) }
    // the key is for this address alone
    return fetch(`${this.url}/${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      redirect: 'manual',
      signal,
    })
  }

  private error(
    code: string,
    message: string,
    fixedBy: 'config' | 'service',
    data: Record<string, unknown>,
  ): WhetError {
    return new WhetError({
      code,
      message,
      fixedBy,
      exit: fixedBy === 'config' ? exitCodes.usage : exitCodes.failed,
      data,
    })
  }
}

const wholeWeights = (folder: string) =>
  new WhetError({
    code: 'vllm-whole-weights',
    message: `${folder} holds no LoRA adapter, and a vLLM server takes nothing else at run time. Train with \`train.sft.method: lora\`, or take student.vllm out of the config.`,
    fixedBy: 'config',
    exit: exitCodes.usage,
    data: { folder },
  })
