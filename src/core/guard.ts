import { fileURLToPath } from 'node:url'
/** Holds a skill of someone else's to the contract while it runs: what breaks is told by function, place and reason. */
import type { AnySkill, Dimensions, GenerateContext, GenerationSpec, Grade, ItemBase } from './contract.ts'
import { isWhetError, messageOf, WhetError } from './errors.ts'
import { Watchdog } from './watchdog.ts'

export interface GuardOptions {
  /** Longest wait for one answer of the skill, milliseconds: one item, one grade, one definition. */
  readonly stallMs: number
  /** false: tags that `dimensions()` does not list are let through, for a suite that tells of them. */
  readonly declaredTags?: boolean
}

/** A teacher or a judge behind a slow endpoint is no hang. */
const patience: GuardOptions = { stallMs: 300_000 }

let watchdog: Watchdog | undefined

/** From here on, code of others that keeps this process busy for so long is named and the process ended; `what` runs now. */
export const watchProcess = (what: string, limitMs = patience.stallMs): void => {
  watchdog ??= new Watchdog(limitMs)
  watchdog.enter(what)
}

/**
 * The same skill, watched. Errors that it throws become `plugin-failed`, answers that do not come `plugin-hangs`, and answers of
 * a wrong shape `plugin-shape`, all fixed by the plugin's author. Errors that it words itself (WhetError) pass as they are.
 */
export const guarded = (plugin: AnySkill, options: GuardOptions = patience): AnySkill => {
  const watch = new Watch(plugin, options)
  watchProcess(`the skill ${plugin.name}`)
  const { respond, environment, pooled, report } = plugin
  const own: Partial<Record<keyof AnySkill, unknown>> = {
    define: (...args: Parameters<AnySkill['define']>) =>
      watch.wait('define', () => plugin.define(...args), args[1].signal),
    dimensions: (definition: unknown) => watch.now('dimensions', () => plugin.dimensions(definition)),
    targets: (definition: unknown) => watch.now('targets', () => plugin.targets(definition)),
    generate: (spec: GenerationSpec, definition: unknown, context: GenerateContext) =>
      watch.items(spec, definition, context),
    begin: (...args: Parameters<AnySkill['begin']>) => watch.now('begin', () => plugin.begin(...args)),
    gold: (...args: Parameters<AnySkill['gold']>) => watch.now('gold', () => plugin.gold(...args)),
    grade: (...args: Parameters<AnySkill['grade']>) => watch.grade(() => plugin.grade(...args), args[3].signal),
    ...(respond && {
      respond: (...args: Parameters<typeof respond>) => watch.now('respond', () => respond.apply(plugin, args)),
    }),
    ...(environment && {
      environment: (...args: Parameters<typeof environment>) =>
        watch.wait('environment', () => environment.apply(plugin, args), args[2].signal),
    }),
    ...(pooled && {
      pooled: (...args: Parameters<typeof pooled>) => watch.now('pooled', () => pooled.apply(plugin, args)),
    }),
    ...(report && {
      report: (...args: Parameters<typeof report>) => watch.now('report', () => report.apply(plugin, args)),
    }),
    mistakes: plugin.mistakes.map((mistake) => ({
      ...mistake,
      apply: (...args: Parameters<typeof mistake.apply>) =>
        watch.now(`the mistake ${mistake.name}`, () => mistake.apply(...args)),
    })),
  }
  // what is not listed, getters too, is the plugin's own
  const properties = Object.fromEntries(Object.entries(own).map(([key, value]) => [key, { value, enumerable: true }]))
  return Object.create(plugin, properties) as AnySkill
}

class Watch {
  readonly #dimensions = new WeakMap<object, Dimensions>()
  readonly #hung = new Map<string, number>()

  constructor(
    readonly plugin: AnySkill,
    readonly options: GuardOptions,
  ) {}

  now<T>(what: string, call: () => T): T {
    watchdog?.enter(`${what} of the skill ${this.plugin.name}`)
    try {
      return call()
    } catch (error) {
      throw this.#failed(what, error)
    }
  }

  async wait<T>(what: string, call: () => Promise<T> | T, signal: AbortSignal): Promise<T> {
    // what has hung twice is not waited for again
    if ((this.#hung.get(what) ?? 0) >= 2) throw this.#hangs(what)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(this.#hangs(what)), this.options.stallMs)
    })
    try {
      return await Promise.race([this.now(what, call), late])
    } catch (error) {
      if (signal.aborted) throw error // somebody's order, whatever the skill makes of it
      throw this.#failed(what, error)
    } finally {
      clearTimeout(timer)
    }
  }

  async *items(spec: GenerationSpec, definition: unknown, context: GenerateContext): AsyncGenerator<ItemBase> {
    const source = this.now('generate', () => this.plugin.generate(spec, definition, context))
    const iterator = source?.[Symbol.asyncIterator]?.()
    if (!iterator) throw this.#shape('generate', 'no async iterable: write `async *generate(...) { yield ... }`')
    try {
      for (;;) {
        const { done, value } = await this.wait('generate', () => iterator.next(), context.signal)
        if (done) return
        const tags = this.options.declaredTags ?? true
        const wrong = itemFault(value) ?? (tags ? this.#tagFault(value, definition) : undefined)
        if (wrong) throw this.#shape('generate', wrong)
        yield value
      }
    } finally {
      // not waited for: a generator that hangs cannot be ended
      void Promise.resolve(iterator.return?.()).catch(() => {})
    }
  }

  async grade(call: () => Promise<Grade>, signal: AbortSignal): Promise<Grade> {
    const grade = await this.wait('grade', call, signal)
    const wrong = gradeFault(grade)
    if (wrong) throw this.#shape('grade', wrong)
    return grade
  }

  #tagFault({ id, tags }: ItemBase, definition: unknown): string | undefined {
    if (typeof definition !== 'object' || definition === null) return undefined
    const declared =
      this.#dimensions.get(definition) ?? this.now('dimensions', () => this.plugin.dimensions(definition))
    this.#dimensions.set(definition, declared)
    for (const [dimension, values] of Object.entries(tags))
      for (const value of values)
        if (!(Object.hasOwn(declared, dimension) && declared[dimension]?.includes(value)))
          return `the item ${id} with the tag ${dimension} "${value}", which dimensions() does not declare`
    return undefined
  }

  #failed(what: string, error: unknown): unknown {
    if (isWhetError(error)) return error
    const place = placeOf(error)
    return new WhetError({
      code: 'plugin-failed',
      message: `${what} of the skill ${this.plugin.name} threw: ${messageOf(error)}${place ? ` (at ${place})` : ''}. Mend it and run \`whet plugin check\`.`,
      fixedBy: 'plugin',
      data: { plugin: this.plugin.name, function: what, ...(place && { place }) },
      cause: error,
    })
  }

  #hangs(what: string) {
    this.#hung.set(what, (this.#hung.get(what) ?? 0) + 1)
    return new WhetError({
      code: 'plugin-hangs',
      message: `${what} of the skill ${this.plugin.name} gave no answer within ${this.options.stallMs / 1000} s. Look for a promise in it that is never kept, then run \`whet plugin check\`.`,
      fixedBy: 'plugin',
      data: { plugin: this.plugin.name, function: what, stallMs: this.options.stallMs },
    })
  }

  #shape(what: string, wrong: string) {
    return new WhetError({
      code: 'plugin-shape',
      message: `${what} of the skill ${this.plugin.name} gave ${wrong}. Mend it and run \`whet plugin check\`.`,
      fixedBy: 'plugin',
      data: { plugin: this.plugin.name, function: what },
    })
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const itemFault = (item: unknown): string | undefined => {
  if (!isRecord(item)) return `${JSON.stringify(item)?.slice(0, 60)} in place of an item`
  for (const key of ['id', 'family'])
    if (typeof item[key] !== 'string' || item[key] === '')
      return `an item whose ${key} is ${JSON.stringify(item[key])}, not text`
  if (!isRecord(item.tags) || !Object.values(item.tags).every((values) => Array.isArray(values)))
    return `the item ${item.id} whose tags are ${JSON.stringify(item.tags)?.slice(0, 60)}, not lists by dimension`
  return undefined
}

const statuses = ['pass', 'warn', 'fail', 'not-applicable', 'ungraded']

const gradeFault = (grade: unknown): string | undefined => {
  if (!isRecord(grade)) return `${JSON.stringify(grade)?.slice(0, 60)} in place of a grade`
  if (typeof grade.score !== 'number' || !(grade.score >= 0 && grade.score <= 1))
    return `the score ${JSON.stringify(grade.score)}, not a number from 0 to 1`
  if (!isRecord(grade.criteria)) return 'a grade without criteria'
  for (const [name, verdict] of Object.entries(grade.criteria))
    if (!isRecord(verdict) || !statuses.includes(String(verdict.status)))
      return `the criterion ${name} without one of the statuses ${statuses.join(', ')}`
  return Array.isArray(grade.failures) ? undefined : 'a grade whose failures are no list'
}

const ownCode = fileURLToPath(new URL('..', import.meta.url))

/** The first line of the skill's own code in a stack: `skill.ts:12:5`. */
const placeOf = (error: unknown): string | undefined => {
  const frames = error instanceof Error ? (error.stack?.split('\n').slice(1) ?? []) : []
  const own = frames.find((frame) => !/node:|node_modules/.test(frame) && !frame.includes(ownCode))
  const [, file, place] = /([^\\/(\s]+?)(?:\?[^:]*)?(:\d+:\d+)\)?$/.exec(own ?? '') ?? []
  return file && place && `${file}${place}`
}
