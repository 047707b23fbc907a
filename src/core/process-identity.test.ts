import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { isRunning, processStart } from './process-identity.ts'

test('this process runs', () => {
  expect(isRunning(process.pid, processStart(process.pid))).toBe(true)
})

test('a process that ended does not run', async () => {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  expect(isRunning(child.pid!, undefined)).toBe(false)
})

test('a number that another process uses now is not the old process', () => {
  const known = processStart(process.pid) !== undefined // only Linux tells when a process began
  expect(isRunning(process.pid, 'another-boot:1')).toBe(!known)
})
