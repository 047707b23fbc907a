import { expect, test } from 'vitest'
import { eventTypes, NewEventSchema } from './events.ts'

const verdict = {
  run: 'r',
  round: 1,
  stage: 'gate',
  type: 'gate.verdict',
  data: {
    verdict: 'promote',
    primary: { of: 'full call', difference: 0.2, low: 0.1, high: 0.3, p: 0.001 },
    tags: [{ of: 'declines', where: { kind: ['decline'] }, status: 'too-few', n: 4 }],
    alpha: 0.025,
  },
}

test('an event of the vocabulary is taken as it is', () => {
  expect(NewEventSchema.parse(verdict)).toEqual(verdict)
})

test('a type that is not in the vocabulary is refused', () => {
  expect(NewEventSchema.safeParse({ run: 'r', type: 'something.else', data: {} }).success).toBe(false)
})

test('every type refuses data that is not an object', () => {
  for (const type of eventTypes)
    expect(NewEventSchema.safeParse({ run: 'r', type, data: 'text' }).success, type).toBe(false)
})

test('fields that the vocabulary does not name never reach the log', () => {
  const event = { run: 'r', type: 'run.paused', data: { by: 'cli', apiKey: 'sk-secret' }, extra: 1 }
  expect(NewEventSchema.parse(event)).toEqual({ run: 'r', type: 'run.paused', data: { by: 'cli' } })
})

test.each([Number.NaN, Number.POSITIVE_INFINITY])('a loss of %s cannot be written; null can', (loss) => {
  const step = { step: 1, of: 2, loss, tokens: 10, tokensPerSecond: 5, etaSeconds: 1 }
  expect(NewEventSchema.safeParse({ run: 'r', type: 'train.step', data: step }).success).toBe(false)
  expect(NewEventSchema.safeParse({ run: 'r', type: 'train.step', data: { ...step, loss: null } }).success).toBe(true)
})
