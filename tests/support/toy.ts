import { z } from 'zod'
import { definePlugin, type ItemBase, type SpecPart, type ToolSchema } from '../../src/core/contract.ts'
import { mulberry32, pick, seedFrom } from '../../src/core/random.ts'
import { splitOf } from '../../src/core/splits.ts'
import { scriptedStudent } from '../../src/core/student.ts'
import type { Trainer } from '../../src/core/trainer.ts'
import type { Students } from '../../src/graph/deps.ts'

/** The smallest whole skill: say the asked word back, in capitals where the request shouts. */
const Item = z.object({
  id: z.string(),
  family: z.string(),
  tags: z.record(z.string(), z.array(z.string())),
  request: z.string(),
  answer: z.string(),
})
type Item = z.infer<typeof Item>

const kinds = ['plain', 'loud', 'twice'] as const
const verbs = Array.from({ length: 160 }, (_, n) => `${['say', 'repeat', 'tell', 'utter'][n % 4]}${n}`)
const wordsIn = { train: 'alpha', dev: 'bravo', gate: 'charlie', sealed: 'delta' }

const answerOf = {
  plain: (word: string) => word,
  loud: (word: string) => word.toUpperCase(),
  twice: (word: string) => `${word} ${word}`,
}

const itemOf = (kind: (typeof kinds)[number], verb: string, word: string): Item => ({
  id: `${kind}-${verb}-${word}`,
  family: `${kind}-${verb}`,
  tags: { kind: [kind] },
  request: `${verb} ${kind} ${word}`,
  answer: answerOf[kind](word),
})

/** Called at the places where a test may want the process to stand still. */
export type Hook = (stage: string) => void | Promise<void>

export const toySkill = (hook: Hook = () => {}) =>
  definePlugin({
    contract: 1,
    name: 'toy',
    summary: 'say the word',
    options: z.object({}),
    definition: z.object({ tools: z.array(z.any()) }),
    item: Item,
    rubrics: [
      {
        name: 'toy',
        criteria: [
          { name: 'format', weight: 1, passAt: 1 },
          { name: 'right', weight: 1, passAt: 1 },
        ],
      },
    ],
    failureTags: ['empty', 'wrong-word'],
    format: 'format',
    define: async () => {
      await hook('define')
      return { tools: [] as ToolSchema[] }
    },
    dimensions: () => {
      void hook('analyze')
      return { kind: kinds }
    },
    targets: () => {
      void hook('gate')
      return [
        { of: 'right', measure: 'pass-rate' as const, pass: 0.99, warn: 0.5 },
        { of: 'format', measure: 'pass-rate' as const, pass: 0.9, warn: 0.5 },
      ]
    },
    async *generate(spec) {
      const families = verbs.filter((verb) => splitOf(`family:${verb}`) === spec.split)
      for (const [at, part] of spec.parts.entries())
        for (let n = 0; n < part.rows; n += 1) {
          if (n === 5) await hook('generate')
          const random = mulberry32(seedFrom(spec.seed, at, n))
          const kind = pick(random, allowed(part))
          yield itemOf(kind, pick(random, families), `${wordsIn[spec.split]}${Math.floor(random() * 1e6)}`)
        }
    },
    mistakes: [],
    begin: (item) => ({ messages: [{ role: 'user', content: item.request }], tools: [], maxSteps: 1 }),
    gold: (item) => ({ role: 'assistant', content: item.answer }),
    async grade(item, transcript) {
      await hook('validate')
      const said = transcript.findLast((message) => message.role === 'assistant')?.content ?? ''
      const right = said === item.answer
      return {
        score: (Number(said !== '') + Number(right)) / 2,
        criteria: {
          format: {
            status: said ? ('pass' as const) : ('fail' as const),
            score: said ? 1 : 0,
            reason: said ? 'says something' : 'says nothing',
          },
          right: {
            status: right ? ('pass' as const) : ('fail' as const),
            score: right ? 1 : 0,
            reason: right ? 'the right word' : `said ${JSON.stringify(said)}`,
          },
        },
        failures: [...(said ? [] : ['empty']), ...(right ? [] : ['wrong-word'])],
      }
    },
  })

const allowed = (part: SpecPart) => {
  const wanted = part.where.kind
  return wanted ? kinds.filter((kind) => wanted.includes(kind)) : kinds
}

/** A student that knows the kinds that its adapter's name lists: `plain+loud`. */
export const toyStudent = (knows: readonly string[], onReply: (request: string) => void | Promise<void> = () => {}) =>
  scriptedStudent(async (messages) => {
    const request = messages.at(-1)?.content ?? ''
    await onReply(request)
    const [, kind = 'plain', word = ''] = request.split(' ')
    const content = knows.includes(kind) ? answerOf[kind as (typeof kinds)[number]](word) : knows.length > 0 ? 'hm' : ''
    return { role: 'assistant', content }
  })

/** What the students of rounds 0, 1, 2, ... know; the last entry stands for all later rounds. */
export const toyStudents = (
  knowledge: readonly (readonly string[])[],
  onReply?: (request: string) => void | Promise<void>,
): Students => ({
  base: async () => ({ dir: 'toy', sha256: 'toy' }),
  open: async ({ model }) => {
    const round = Number(/round-(\d+)/.exec(model)?.[1] ?? 0)
    return { student: toyStudent(knowledge[Math.min(round, knowledge.length - 1)]!, onReply), close: async () => {} }
  },
})

export const toyTrainer = (onRun: (out: string) => void = () => {}): Trainer => ({
  run: async (job, { onEvent, onStart }) => {
    onRun(job.out)
    onStart?.({ adopted: false })
    onEvent({ step: 1, of: 1, loss: 0.1, tokens: 100, tokensPerSecond: 100, etaSeconds: 0 })
    return { adapter: `${job.out}/adapter`, steps: 1, tokens: 100, seconds: 1, finalLoss: 0.1, versions: {} }
  },
})

export type ToyItem = ItemBase & { request: string; answer: string }
