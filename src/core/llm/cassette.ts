import { JsonlAppender, readJsonl } from '../jsonl.ts'
import type { Answer } from './answers.ts'

interface Recorded extends Answer {
  readonly key: string
}

/** A file of calls and their answers: recorded once, replayed without any endpoint. */
export class Cassette {
  private constructor(
    readonly file: string,
    readonly mode: 'record' | 'replay',
    private readonly known: Map<string, Answer>,
    private readonly appender: JsonlAppender | undefined,
  ) {}

  /** Recording goes on behind what the file holds already. @throws WhetError 'broken-jsonl' */
  static async open(file: string, mode: 'record' | 'replay'): Promise<Cassette> {
    const { rows } = await readJsonl<Recorded>(file)
    const known = new Map(rows.map(({ key, ...answer }) => [key, answer]))
    return new Cassette(file, mode, known, mode === 'record' ? await JsonlAppender.open(file) : undefined)
  }

  find(key: string): Answer | undefined {
    return this.known.get(key)
  }

  async record(key: string, { body, type, model }: Answer): Promise<void> {
    if (this.known.has(key)) return
    this.known.set(key, { body, type, model })
    await this.appender?.append({ key, body, type, model } satisfies Recorded)
  }

  async close(): Promise<void> {
    await this.appender?.close()
  }
}
