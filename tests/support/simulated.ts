/**
 * A world whose truth is known: a student that learns what it is fed. Of each kind it gets a share of items right that
 * rises with the rows of that kind it was trained on; `weak` kinds start low and others start high, so that rows for the
 * others are wasted. Nothing here is random: an item is right or wrong by the hash of its id.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { readJsonl } from '../../src/core/jsonl.ts'
import { mulberry32, pick, seedFrom } from '../../src/core/random.ts'
import { splitOf } from '../../src/core/splits.ts'
import { scriptedStudent } from '../../src/core/student.ts'
import type { Trainer } from '../../src/core/trainer.ts'
import type { Machines } from '../../src/graph/engine.ts'
import { toySkill } from './toy.ts'

const strong = ['s1', 's2', 's3', 's4', 's5', 's6']
export const weak = ['w1', 'w2']
export const kinds = [...strong, ...weak]
const verbs = Array.from({ length: 160 }, (_, n) => `verb${n}`)
const words = { train: 'alpha', dev: 'bravo', gate: 'charlie', sealed: 'delta' }

/** Share of a kind's items that a student fed with so many rows of it gets right. */
export const skillAfter = (kind: string, rows: number): number => {
  const start = weak.includes(kind) ? 0.1 : 0.9
  return 1 - (1 - start) * Math.exp(-rows / 30)
}

/** The toy skill with eight kinds, all of which ask for the word back. */
export const simulatedSkill = () => {
  const toy = toySkill()
  const itemOf = (kind: string, verb: string, word: string) => ({
    id: `${kind}-${verb}-${word}`,
    family: `${kind}-${verb}`,
    tags: { kind: [kind] },
    request: `${verb} ${kind} ${word}`,
    answer: word,
  })
  return {
    ...toy,
    name: 'simulated',
    dimensions: () => ({ kind: kinds }),
    targets: () => [{ of: 'right', measure: 'pass-rate' as const, pass: 0.999, warn: 0.5 }],
    async *generate(spec: Parameters<typeof toy.generate>[0]) {
      const families = verbs.filter((verb) => splitOf(`family:${verb}`) === spec.split)
      for (const [at, part] of spec.parts.entries())
        for (let n = 0; n < part.rows; n += 1) {
          const random = mulberry32(seedFrom(spec.seed, at, n))
          const allowed = part.where.kind ?? kinds
          yield itemOf(
            allowed[n % allowed.length]!,
            pick(random, families),
            `${words[spec.split]}${Math.floor(random() * 1e6)}`,
          )
        }
    },
  }
}

type Fed = Record<string, number>
const fedOf = (adapter: string | undefined | null): Fed =>
  adapter ? JSON.parse(readFileSync(`${adapter}/fed.json`, 'utf8')) : {}

const trainer: Trainer = {
  run: async (job, { onEvent, onStart }) => {
    const fed = { ...fedOf(job.adapter) }
    const pace = Number(job.params.learningRate ?? 1) // the share of a row that sticks
    for (const { id } of (await readJsonl<{ id: string }>(job.rows)).rows) {
      const kind = id.split('-')[0]!
      fed[kind] = (fed[kind] ?? 0) + pace
    }
    mkdirSync(`${job.out}/adapter`, { recursive: true })
    writeFileSync(`${job.out}/adapter/fed.json`, JSON.stringify(fed))
    onStart?.({ adopted: false })
    onEvent({ step: 1, of: 1, loss: 0.1, tokens: 100, tokensPerSecond: 100, etaSeconds: 0 })
    return { adapter: `${job.out}/adapter`, steps: 1, tokens: 100, seconds: 1, finalLoss: 0.1, versions: {} }
  },
}

/** The student that was fed so, served. Its luck belongs to the item: two students differ by what they learned only. */
export const simulatedMachines = (): Machines => ({
  trainer,
  students: {
    base: async () => ({ dir: 'simulated', sha256: 'simulated' }),
    open: async ({ adapter }) => {
      const fed = fedOf(adapter)
      const student = scriptedStudent((messages) => {
        const request = messages.at(-1)!.content
        const [, kind = '', word = ''] = request.split(' ')
        const luck = seedFrom('luck', request) / 2 ** 32
        return { role: 'assistant', content: luck < skillAfter(kind, fed[kind] ?? 0) ? word : 'hm' }
      })
      return { student, close: async () => {} }
    },
  },
})
