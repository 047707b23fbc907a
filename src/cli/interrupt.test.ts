import { expect, test } from 'vitest'
import { Interrupts } from './interrupt.ts'

const pressed = (times: number, drains: boolean, apartMs = 1000) => {
  let now = 0
  const said: string[] = []
  const left: number[] = []
  const interrupts = new Interrupts({
    say: (text) => said.push(text),
    leave: (code) => left.push(code),
    drains: () => drains,
    now: () => now,
  })
  for (let press = 0; press < times; press++, now += apartMs) interrupts.press()
  return { drained: interrupts.drain.aborted, ended: interrupts.signal.aborted, said, left }
}

test('Ctrl-C once drains a run, and tells so and how to go on', () => {
  const { drained, ended, said } = pressed(1, true)
  expect([drained, ended]).toEqual([true, false])
  expect(said.join()).toMatch(/safe point.*whet resume.*again/)
})

test('twice ends it now', () => {
  expect(pressed(2, true)).toMatchObject({ drained: true, ended: true, left: [] })
})

test('three times leaves at once with 130', () => {
  expect(pressed(3, true).left).toEqual([130])
})

test('a command without safe points ends at the first', () => {
  expect(pressed(1, false)).toMatchObject({ ended: true, left: [] })
})

test('one key press that npm passes on as several signals is one', () => {
  expect(pressed(3, true, 20)).toMatchObject({ drained: true, ended: false, left: [] })
})

test('while an answer comes, Ctrl-C ends the answer and not the conversation; the next one is for the command', async () => {
  let now = 0
  const interrupts = new Interrupts({ say: () => {}, leave: () => {}, drains: () => false, now: () => now })
  const press = (signal?: NodeJS.Signals) => {
    now += 1000
    interrupts.press(signal)
  }
  const cancelled = interrupts.turn(async (signal) => {
    press()
    return [signal.aborted, interrupts.signal.aborted]
  })
  expect(await cancelled).toEqual([true, false])
  expect(await interrupts.turn(async (signal) => signal.aborted)).toBe(false)
  await interrupts.turn(async (signal) => {
    press()
    press()
    expect([signal.aborted, interrupts.signal.aborted]).toEqual([true, true])
  })
})

test('a kill while an answer comes ends the command', async () => {
  const interrupts = new Interrupts({ say: () => {}, leave: () => {}, drains: () => false })
  await interrupts.turn(async () => interrupts.press('SIGTERM'))
  expect(interrupts.signal.aborted).toBe(true)
})
