import type { TeacherYield } from '../contract.ts'

/** Counts what becomes of what a teacher wrote to one prompt. */
export class Tally {
  #wrote = 0
  #kept = 0
  readonly #fell: Record<string, number> = {}

  /** @param prompt what was asked for, in a few words: "questions on pep-0205" */
  constructor(readonly prompt: string) {}

  wrote(count: number): void {
    this.#wrote += count
  }

  keep(): void {
    this.#kept += 1
  }

  fall(reason: string): void {
    this.#fell[reason] = (this.#fell[reason] ?? 0) + 1
  }

  /** @param measured of the texts kept so far, see Diversity */
  result(measured: Pick<TeacherYield, 'spread' | 'meaning'> = {}): TeacherYield {
    const { prompt } = this
    return {
      prompt,
      wrote: this.#wrote,
      kept: this.#kept,
      fell: { ...this.#fell },
      ...measured,
    }
  }
}

/** For people: "teacher: 3 of 8 questions on pep-0205 kept; 4 said elsewhere, 1 known by heart". */
export const tallyText = ({ prompt, wrote, kept, fell }: TeacherYield): string => {
  const why = Object.entries(fell).map(([reason, count]) => `${count} ${reason}`)
  return `teacher: ${kept} of ${wrote} ${prompt} kept${why.length > 0 ? `; ${why.join(', ')}` : ''}`
}
