import { expect, test } from 'vitest'
import { Config } from '../core/config.ts'
import { minutesOf, minutesOfRounds, stagesFor } from './plan.ts'

const pace = { baseReply: 1, reply: 0.5, row: 0.6 }
const config = (train: unknown) =>
  Config.parse({ skill: 'x', evaluation: { dev: 60, gate: 60 }, loop: { rounds: 3, rows: 100 }, train })

test('rounds that may teach judgement are reckoned with the longer of both trainings', () => {
  const { round, judging } = stagesFor(config({ kto: { enabled: true, practice: 120, rows: 120 } }), pace)
  expect(judging.map(({ name }) => name)).toEqual(['practice', 'train'])
  expect(minutesOf(judging)).toBeCloseTo(1 + 4.5) // 120 rows and 60 held ones
  expect(minutesOfRounds(3, round, judging)).toBeCloseTo(3 * minutesOf(round) + 2 * (5.5 - 1))
  const few = stagesFor(config({ kto: { enabled: true, practice: 8, rows: 8 } }), pace)
  expect(minutesOfRounds(3, few.round, few.judging)).toBeCloseTo(3 * minutesOf(few.round))
})

test('without pairs there is nothing but rounds of SFT', () => {
  const { round, judging } = stagesFor(config({}), pace)
  expect(judging).toEqual([])
  expect(minutesOfRounds(3, round, judging)).toBeCloseTo(3 * minutesOf(round))
})
