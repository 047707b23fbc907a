import pc from 'picocolors'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Live } from './live.ts'

const colors = pc.createColors(false)
const started = {
  seq: 1,
  at: '2026-11-22T21:00:00.000Z',
  run: 'a-run',
  round: 1,
  stage: 'train',
  type: 'stage.started',
  data: {},
} as const

const screen = (isTTY: boolean) => {
  const written: string[] = []
  return { isTTY, columns: 40, written, write: (text: string) => written.push(text) }
}

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse(started.at) })
})
afterEach(() => {
  vi.useRealTimers()
})

test('a pipe gets whole lines and no control character', () => {
  const pipe = screen(false)
  const live = new Live(pipe, colors)
  live.event(started)
  for (let done = 0; done <= 100; done++) live.progress(done, 100, 'items')
  vi.advanceTimersByTime(10_000)
  live.end()
  expect(pipe.written).toEqual(['round 1 · train\n', '0/100 items\n', '100/100 items\n'])
})

test('a terminal gets one line that is redrawn, taken away for lines that stay, and gone at the end', () => {
  const terminal = screen(true)
  const live = new Live(terminal, colors)
  live.event(started)
  vi.advanceTimersByTime(200)
  live.line('stays')
  vi.advanceTimersByTime(200)
  live.end()
  const erase = '\r\u001b[2K'
  expect(terminal.written).toEqual([
    'round 1 · train\n',
    'round 1 · train  0 s',
    erase,
    'stays\n',
    'round 1 · train  0 s',
    erase,
  ])
})

test('the redrawn line never wraps', () => {
  const terminal = screen(true)
  const live = new Live(terminal, pc.createColors(true))
  live.progress(0, 0, 'x'.repeat(90))
  vi.advanceTimersByTime(200)
  expect(terminal.written.join('')).toHaveLength(39)
})
