import { describe, expect, test } from 'vitest'
import { gradedRows } from '../../tests/support/graded-rows.ts'
import type { Hypothesis } from './contract.ts'
import { chanceOfHit, expectedRise, type PredictionScore, scorePredictions } from './predictions.ts'

const hypothesis = (points: number, kind = 'ask'): Hypothesis => ({
  evidence: [],
  part: { where: { kind: [kind] }, rows: 10 },
  stage: 'sft',
  predicts: { criterion: 'right', where: { kind: [kind] }, points, probability: 0.7 },
  note: '',
})
/** 20 families of 5 rows, half of them `ask`; of each family the first `passing` rows pass. */
const rows = (passing: number) =>
  gradedRows(20, 5, (family, row) => ({
    tags: { kind: [family % 2 === 0 ? 'ask' : 'call'] },
    marks: { right: row < passing ? 'pass' : 'fail' },
  }))

describe('scorePredictions', () => {
  test('calls a rise of at least the predicted size a hit, and scores its probability', () => {
    const [score] = scorePredictions([hypothesis(0.4)], rows(1), rows(3))
    expect(score).toMatchObject({ hit: true, before: { n: 50, passes: 10 }, after: { passes: 30 } })
    expect(score?.moved).toBeCloseTo(0.4, 9)
    expect(score?.brier).toBeCloseTo(0.09, 9)
    expect(score!.low!).toBeLessThan(0.4)
    expect(score!.high!).toBeGreaterThan(0.4)
  })

  test('calls a rise a hit that reads like the predicted one, to a tenth of a point', () => {
    expect(scorePredictions([hypothesis(0.4004)], rows(1), rows(3))[0]).toMatchObject({ hit: true })
  })

  test('calls less a miss', () => {
    expect(scorePredictions([hypothesis(0.401)], rows(1), rows(3))[0]).toMatchObject({ hit: false })
    const [score] = scorePredictions([hypothesis(0.5)], rows(1), rows(3))
    expect(score).toMatchObject({ hit: false })
    expect(score?.brier).toBeCloseTo(0.49, 9)
  })

  test('says nothing of a tag that no row has', () => {
    const [score] = scorePredictions([hypothesis(0.1, 'unheard')], rows(1), rows(3))
    expect(score?.moved).toBeUndefined()
    expect(score?.hit).toBeUndefined()
    expect(score?.brier).toBeUndefined()
  })
})

const scored = (before: number, moved: number, hit: boolean): PredictionScore => ({
  criterion: 'right',
  where: {},
  predicted: 0.2,
  probability: 0.6,
  before: { passes: 0, n: 10, rate: before },
  after: { passes: 0, n: 10, rate: before + moved },
  moved,
  hit,
})

describe('what earlier rounds taught', () => {
  test('without history half of the failures are expected to go, with a chance of .6', () => {
    expect(expectedRise(0.6, [])).toBeCloseTo(0.3, 9)
    expect(chanceOfHit([])).toBeCloseTo(0.6, 9)
  })

  test('predictions shrink after rounds that moved little, and grow after rounds that moved much', () => {
    const slow = Array.from({ length: 5 }, () => scored(0.2, 0.05, false))
    const fast = Array.from({ length: 5 }, () => scored(0.2, 0.55, true))
    expect(expectedRise(0.6, slow)).toBeLessThan(0.15)
    expect(expectedRise(0.6, fast)).toBeGreaterThan(0.35)
    expect(chanceOfHit(slow)).toBeCloseTo(0.3, 9)
    expect(chanceOfHit(fast)).toBeCloseTo(0.8, 9)
  })

  test('a rise stays between one point and all of the failures', () => {
    const falling = Array.from({ length: 20 }, () => scored(0.2, -0.5, false))
    expect(expectedRise(0.5, falling)).toBeGreaterThanOrEqual(0.01)
    expect(
      expectedRise(
        0.9,
        Array.from({ length: 20 }, () => scored(0.2, 0.8, true)),
      ),
    ).toBeLessThanOrEqual(0.9)
  })
})
