import { Readable, Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { WhetError } from '../core/errors.ts'
import type { RunEvent } from '../core/events.ts'
import { Terminal } from './terminal.ts'

const terminal = async () => {
  const said: string[] = []
  const sink = () =>
    new Writable({
      write(chunk, _, done) {
        said.push(String(chunk))
        done()
      },
    })
  const made = new Terminal(
    { stdin: Readable.from([]), stdout: sink(), stderr: sink(), env: {}, cwd: () => '.' },
    { json: false },
  )
  await made.begin()
  return { made, said }
}
const failed = {
  type: 'run.failed',
  run: 'a-run',
  seq: 1,
  at: '2026-11-23T10:00:00Z',
  data: { code: 'too-few-pairs', message: 'there are too few pairs' },
} as RunEvent
const times = (said: readonly string[]) => said.join('').split('there are too few pairs').length - 1

test('a failed run is told once: by the error that ends the command', async () => {
  const { made, said } = await terminal()
  made.event(failed)
  made.error(new WhetError({ code: 'too-few-pairs', message: 'there are too few pairs', fixedBy: 'config' }))
  await made.close()
  expect(times(said)).toBe(1)
})

test('and by its event where the command that follows it ends well', async () => {
  const { made, said } = await terminal()
  made.event(failed)
  await made.close()
  expect(times(said)).toBe(1)
})
