import { expect, test } from 'vitest'
import { Config } from '../core/config.ts'
import { rowsThatFit } from './fit.ts'

const config = Config.parse({
  skill: 'x',
  evaluation: { dev: 50, gate: 150 },
  loop: { rounds: 2, rows: 2000 },
  budget: { minutes: 25 },
})
const counts = { made: 0, rejected: 0, duplicates: 0, leaked: 0, accepted: 0, replayed: 0 }
const baseline = (seconds: number) => ({ round: 0, seconds: { evaluate: seconds }, rows: { ...counts, trained: 0 } })

test('a fast machine gets all rows, a slow one as many as let all rounds fit into the budget', () => {
  expect(rowsThatFit(config, baseline(10), 0.5).rows).toBe(2000)
  const { rows } = rowsThatFit(config, baseline(200), 4)
  expect(rows).toBeGreaterThan(400)
  const minutes = 4 + (2 * (200 + rows * 0.75)) / 60
  expect(minutes).toBeLessThan(25)
  expect(minutes).toBeGreaterThan(22)
})

test('after a round its own pace counts', () => {
  const last = { round: 1, seconds: { train: 300, evaluate: 60 }, rows: { ...counts, trained: 600 } }
  expect(rowsThatFit(config, last, 15).rows).toBe(Math.floor((10 * 60 * 0.93 - 60) / 0.5))
})

test('a round that would overrun the budget even with the fewest rows does not fit', () => {
  expect(rowsThatFit(config, baseline(2000), 24).fits).toBe(false)
  expect(rowsThatFit(config, baseline(200), 4).fits).toBe(true)
})

test('a round is never made so small that it teaches nothing, nor larger than the config says', () => {
  expect(rowsThatFit(config, baseline(2000), 24).rows).toBe(100)
  const small = { ...config, loop: { ...config.loop, rows: 40 } }
  expect(rowsThatFit(small, baseline(2000), 24).rows).toBe(40)
  expect(rowsThatFit(config, { round: 0, seconds: {}, rows: { ...counts, trained: 0 } }, 0).rows).toBe(2000)
})

test('where all the rounds to come would be small, one of them has room for more rows, and the next reckons by its pace', () => {
  const asked = {
    ...config,
    evaluation: { ...config.evaluation, gate: 390, dev: 60 },
    loop: { ...config.loop, rows: 1800 },
  }
  const first = rowsThatFit(asked, baseline(425), 7.5)
  expect(first.rounds).toBe(1)
  expect(first.rows).toBeGreaterThan(600)
  const pace = {
    round: 1,
    seconds: { train: first.rows * 0.41, evaluate: 160 },
    rows: { ...counts, trained: first.rows },
  }
  const second = rowsThatFit(asked, pace, 7.5 + (first.rows * 0.41 + 160) / 60)
  expect(second.fits).toBe(true)
  expect(second.rows).toBeGreaterThan(600)
})
