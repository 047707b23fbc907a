import { budgetSpent } from './errors.ts'

export interface Amount {
  readonly tokens: number
  readonly money: number
}

/** Tokens of a prompt before anybody has counted them: on the high side, so that a budget is never passed by surprise. */
export const estimateTokens = (body: { messages?: unknown; tools?: unknown; response_format?: unknown }): number => {
  const text = JSON.stringify([body.messages ?? [], body.tools ?? [], body.response_format ?? null])
  const messages = Array.isArray(body.messages) ? body.messages.length : 0
  return Math.ceil(Buffer.byteLength(text) / 2) + 16 * messages
}

/** @param price per million tokens */
export const costOf = (
  tokens: { readonly input: number; readonly output: number },
  price: { readonly input: number; readonly output: number } | undefined,
): number => (price ? (tokens.input * price.input + tokens.output * price.output) / 1e6 : 0)

/**
 * What may be spent. A call holds the most that it could cost before it is made, and pays what it did cost afterwards:
 * calls in flight together cannot pass a limit that each alone would keep. A limit of 0 is none.
 */
export class Budget {
  #spent: Amount
  #held: Amount = { tokens: 0, money: 0 }
  #flights = 0
  readonly #waiting: (() => void)[] = []

  constructor(
    private readonly limit: Amount,
    spent: Amount,
  ) {
    this.#spent = spent
  }

  get spent(): Amount {
    return this.#spent
  }

  get left(): { readonly tokens?: number; readonly money?: number } {
    const { tokens, money } = this.limit
    return {
      ...(tokens > 0 && { tokens: Math.max(0, tokens - this.#spent.tokens) }),
      ...(money > 0 && { money: Math.max(0, money - this.#spent.money) }),
    }
  }

  /**
   * Waits while only calls in flight stand in the way: they may cost less than they hold.
   * @returns what to call once, with what the call did cost
   * @throws WhetError 'llm-budget' before anything is sent
   */
  async hold(most: Amount): Promise<(paid: Amount) => void> {
    for (let over = this.#over(most); over; over = this.#over(most)) {
      if (this.#flights === 0 || over.alone)
        throw budgetSpent(over.which, this.limit[over.which], over.spent, over.wanted)
      await new Promise<void>((landed) => this.#waiting.push(landed))
    }
    this.#held = plus(this.#held, most)
    this.#flights += 1
    return (paid) => {
      this.#held = plus(this.#held, { tokens: -most.tokens, money: -most.money })
      this.#spent = plus(this.#spent, paid)
      this.#flights -= 1
      for (const landed of this.#waiting.splice(0)) landed()
    }
  }

  /** The limit that a call could pass; `alone`: even without those in flight. */
  #over(most: Amount) {
    for (const which of ['tokens', 'money'] as const) {
      const [limit, spent, wanted] = [this.limit[which], this.#spent[which], most[which]]
      if (limit > 0 && spent + this.#held[which] + wanted > limit)
        return { which, spent, wanted, alone: spent + wanted > limit }
    }
    return undefined
  }
}

const plus = (a: Amount, b: Amount): Amount => ({ tokens: a.tokens + b.tokens, money: a.money + b.money })
