/** Follows events.jsonl while a trainer writes it. */
import { open } from 'node:fs/promises'
import type { Smaller, TrainEvent } from './trainer.ts'

/**
 * Tells every step once and in order. The file only grows, and a trainer that goes on from a checkpoint repeats the steps
 * since: they are known by their number. Lines without a step (the preflight's) are passed over.
 */
export class TrainTail {
  private offset = 0 // bytes read
  private rest = Buffer.alloc(0) // of a line whose end is not yet there
  private last = 0 // step
  private readonly told = new Set<string>() // lines

  constructor(
    private readonly file: string,
    private readonly onEvent: (event: TrainEvent) => void,
    private readonly onSmaller: (change: Smaller) => void = () => {},
  ) {}

  /** Reads from the beginning the next time; steps already told stay told. */
  rewind(): void {
    this.offset = 0
    this.rest = Buffer.alloc(0)
  }

  /** Tells what is new. @returns whether anything was */
  async read(): Promise<boolean> {
    const before = this.last
    const grown = await this.grown()
    const bytes = Buffer.concat([this.rest, grown])
    const end = bytes.lastIndexOf(0x0a) + 1
    this.rest = bytes.subarray(end)
    for (const line of bytes.subarray(0, end).toString().split('\n')) this.tell(line)
    return this.last > before
  }

  private async grown(): Promise<Buffer> {
    const handle = await open(this.file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (!handle) return Buffer.alloc(0)
    try {
      const { size } = await handle.stat()
      if (size < this.offset) this.rewind()
      const bytes = Buffer.alloc(size - this.offset)
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, this.offset)
      this.offset += bytesRead
      return bytes.subarray(0, bytesRead)
    } finally {
      await handle.close()
    }
  }

  private tell(line: string): void {
    if (line.includes('"memory"')) this.tellSmaller(line)
    const event = parse(line) ?? parse(line.slice(line.lastIndexOf('{'))) // a killed trainer's torn line, and a whole one after it
    if (event === undefined || event.step <= this.last) return
    this.last = event.step
    this.onEvent(event)
  }

  /** A file that is read again from its beginning repeats them. */
  private tellSmaller(line: string): void {
    const change = parseSmaller(line)
    if (!change || this.told.has(line)) return
    this.told.add(line)
    this.onSmaller(change)
  }
}

const parseSmaller = (line: string): Smaller | undefined => {
  try {
    const { type, before, after } = JSON.parse(line)
    return type === 'memory' && before && after ? { before, after } : undefined
  } catch {
    return undefined
  }
}

const parse = (line: string): TrainEvent | undefined => {
  try {
    const { step, of, loss, tokens, tokensPerSecond, etaSeconds, mfu, peakMemoryGb } = JSON.parse(line)
    if (!Number.isSafeInteger(step)) return undefined
    const amount = (value: unknown) => (typeof value === 'number' && value >= 0 ? value : 0)
    return {
      step,
      of: amount(of),
      loss: typeof loss === 'number' ? loss : null,
      tokens: amount(tokens),
      tokensPerSecond: amount(tokensPerSecond),
      etaSeconds: amount(etaSeconds),
      ...(typeof mfu === 'number' && { mfu: amount(mfu) }),
      ...(typeof peakMemoryGb === 'number' && { peakMemoryGb: amount(peakMemoryGb) }),
    }
  } catch {
    return undefined
  }
}
