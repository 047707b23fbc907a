/** npm passes on a signal that the terminal has sent to the whole group already: one key press arrives several times. */
const onePressMs = 400

/** Ctrl-C: once asks for an end at the next safe point, twice for an end now, three times leaves at once. */
export class Interrupts {
  readonly #drain = new AbortController()
  readonly #now = new AbortController()
  #presses = 0
  #last = Number.NEGATIVE_INFINITY
  #turn: AbortController | undefined

  constructor(
    private readonly options: {
      readonly say: (text: string) => void
      readonly leave: (code: number) => void
      readonly drains: () => boolean // false: the command has no safe points, and once is now
      readonly now?: () => number // milliseconds
    },
  ) {}

  get signal(): AbortSignal {
    return this.#now.signal
  }
  get drain(): AbortSignal {
    return this.#drain.signal
  }

  /** Work that Ctrl-C ends alone: an answer in a conversation that goes on. Pressed again before it has ended, it is for the command. */
  async turn<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const turn = new AbortController()
    this.#turn = turn
    try {
      return await work(AbortSignal.any([turn.signal, this.signal]))
    } finally {
      this.#turn = undefined
    }
  }

  readonly press = (signal: NodeJS.Signals = 'SIGINT'): void => {
    const at = (this.options.now ?? performance.now.bind(performance))()
    if (at - this.#last < onePressMs) return
    this.#last = at
    // a kill is for the whole process
    if (signal === 'SIGINT' && this.#turn && !this.#turn.signal.aborted) {
      this.#turn.abort()
      return
    }
    this.#presses++
    if (this.#presses === 1 && this.options.drains()) {
      this.options.say(
        'Stopping at the next safe point; nothing is lost. `whet resume` goes on from there. Ctrl-C again: stop now.',
      )
      this.#drain.abort()
    } else if (!this.#now.signal.aborted) {
      this.options.say('Stopping now.')
      this.#drain.abort()
      this.#now.abort()
    } else this.options.leave(130)
  }

  /** Listens to the terminal and to a polite kill. @returns what ends the listening */
  listen(): () => void {
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
    for (const signal of signals) process.on(signal, this.press)
    return () => {
      for (const signal of signals) process.off(signal, this.press)
    }
  }
}
