import { spawn } from 'node:child_process'
import { expect, onTestFinished, test } from 'vitest'
import { gpuReader, gpusIn, Processes, sumByName } from './usage.ts'

test('memory is summed into the nearest named process above; other people are left out', () => {
  const list = new Map([
    [1, { parent: 0, bytes: 1 }],
    [10, { parent: 1, bytes: 100 }], // the loop
    [11, { parent: 10, bytes: 20 }], // a tool server of it
    [12, { parent: 10, bytes: 300 }], // the student's server
    [13, { parent: 12, bytes: 40 }],
    [20, { parent: 1, bytes: 5000 }], // a trainer that was adopted
    [30, { parent: 1, bytes: 7 }],
    [40, { parent: 41, bytes: 9 }], // read while they changed
    [41, { parent: 40, bytes: 9 }],
  ])
  const names = new Map([
    [10, 'loop'],
    [12, 'server'],
    [20, 'trainer'],
  ])
  expect(sumByName(list, names)).toEqual([
    { what: 'loop', bytes: 120 },
    { what: 'server', bytes: 340 },
    { what: 'trainer', bytes: 5000 },
  ])
})

test.skipIf(process.platform === 'win32')('a real process is told beside this one until it ends', async () => {
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'])
  onTestFinished(() => void child.kill('SIGKILL'))
  const processes = new Processes()
  processes.watch('trainer', child.pid!)
  const before = new Map((await processes.bytes()).map(({ what, bytes }) => [what, bytes]))
  expect(before.get('loop')).toBeGreaterThan(10_000_000)
  expect(before.get('trainer')).toBeGreaterThan(1_000_000)
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
  expect((await processes.bytes()).map(({ what }) => what)).toEqual(['loop'])
})

test('cards are read from the table of nvidia-smi, and what one does not say is null', () => {
  expect(gpusIn('NVIDIA H100 80GB HBM3, 1024, 81559, 45\nGB10, 2048, 4096, [N/A]\nGB10, [N/A], [N/A], 0\n')).toEqual([
    { name: 'NVIDIA H100 80GB HBM3', usedBytes: 1_073_741_824, totalBytes: 85_520_809_984, busy: 0.45 },
    { name: 'GB10', usedBytes: 2_147_483_648, totalBytes: 4_294_967_296, busy: null },
  ])
})

test('a machine without their tool has no GPU', async () => {
  expect(await gpuReader('no-such-program-here')()).toEqual([])
})
