import { expect, test } from 'vitest'
import { openTry } from '../../src/graph/try.ts'
import { steered } from '../support/steered.ts'
import { toySkill, toyStudents, toyTrainer } from '../support/toy.ts'

/** A finished run of two rounds, of which the second student is the best one. */
const trained = () => steered(() => {}, 'approve: never')
const machines = { trainer: toyTrainer(), students: toyStudents([[], ['plain'], ['plain', 'loud']]) }

test('the best student and the untouched one answer the same words, side by side', async () => {
  const { workspace, outcome } = await trained()
  const session = await openTry({ workspace, plugin: toySkill(), machines, base: true })
  const { student, base } = await session.ask('say0 loud alpha1')
  await session.close()
  expect([session.run, session.round]).toEqual([outcome.run, 2])
  expect([student.turn.content, base?.turn.content]).toEqual(['ALPHA1', ''])
})

test('where nothing was promoted, the untouched one answers alone', async () => {
  const { workspace } = await steered(({ type }, order) => type === 'approval.requested' && order('stop'))
  const session = await openTry({ workspace, plugin: toySkill(), machines, base: true })
  const { student, base } = await session.ask('say0 loud alpha1')
  await session.close()
  expect([session.round, student.turn.content, base]).toEqual([0, '', undefined])
})
