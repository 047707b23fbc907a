import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { checkPython, pythonEnv } from './python.ts'
import { requirementFiles } from './python-find.ts'
import { pythonEnvironment } from './python-run.ts'

/** Stands for Python: tells a version, makes a folder for `-m venv` with itself as interpreter, and writes its calls down. */
const fakePython = `#!/bin/sh
here=$(dirname "$0")
if [ "$1" = "-c" ]; then
  case "$2" in *version_info*) echo "\${FAKE_VERSION:-3.12.1}" ;; *lstat*) echo 2000000000 ;; *torch*) echo "" ;; esac
  [ ! -e "$here/broken" ]
  exit
fi
echo "$@" >> "$FAKE_CALLS"
if [ "$2" = "venv" ]; then
  mkdir -p "$3/bin" && cp "$0" "$3/bin/python"
  exit
fi
sleep "\${FAKE_SECONDS:-0}"
if [ -n "$FAKE_FAILURE" ]; then echo "$FAKE_FAILURE" >&2; exit 1; fi
echo "Installed"
`

let folder: string
let calls: string
let requirements: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whet-python-'))
  const python = join(folder, 'python')
  writeFileSync(python, fakePython)
  chmodSync(python, 0o755)
  calls = join(folder, 'calls')
  requirements = join(folder, 'requirements')
  mkdirSync(requirements)
  for (const name of requirementFiles) writeFileSync(join(requirements, name), name)
  vi.stubEnv('WHETSTONE_HOME', join(folder, 'home'))
  vi.stubEnv('WHETSTONE_PYTHON', python)
  vi.stubEnv('FAKE_CALLS', calls)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

const called = () => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : [])
const builds = () => called().filter((line) => line.includes('-m venv')).length
const check = async (name: string) => (await checkPython({ requirements })).find((found) => found.name === name)

test('the environment is made once, from hash-locked files, and never in a global place', async () => {
  const { python } = await pythonEnv({ requirements })
  expect(called()).toEqual([
    expect.stringMatching(/^-m venv .*\/home\/python-[0-9a-f]{12}\/env-[0-9a-f]{8}$/),
    `-m pip --require-virtualenv install --require-hashes -r ${requirements}/requirements-uv.txt`,
    `-m uv pip install --python ${python} --require-hashes -r ${requirements}/requirements.txt`,
    `-m uv pip install --python ${python} --require-hashes -r ${requirements}/requirements-nodeps.txt --no-deps`,
  ])
  expect(await pythonEnv({ requirements })).toEqual({ python })
  expect(builds()).toBe(1)
})

test('each step is told as it happens', async () => {
  const lines: string[] = []
  await pythonEnv({ requirements, onProgress: (line) => lines.push(line) })
  expect(lines).toContain('making a Python environment with Python 3.12.1')
  expect(lines).toContain('Installed')
})

test('other requirements make another environment', async () => {
  const first = await pythonEnv({ requirements })
  writeFileSync(join(requirements, 'requirements.txt'), 'newer')
  expect(await pythonEnv({ requirements })).not.toEqual(first)
})

test('an environment whose interpreter no longer starts is made again', async () => {
  const { python } = await pythonEnv({ requirements })
  writeFileSync(join(python, '../broken'), '')
  expect((await check('environment'))!.detail).toMatch(/^broken/)
  const again = await pythonEnv({ requirements })
  expect(again.python).not.toBe(python)
  expect(existsSync(python)).toBe(false)
})

test('an unfinished environment is removed and made again', async () => {
  vi.stubEnv('FAKE_SECONDS', '30')
  const module = fileURLToPath(new URL('./python.ts', import.meta.url))
  const script = join(folder, 'child.mts')
  writeFileSync(
    script,
    `import { pythonEnv } from ${JSON.stringify(module)}
     void pythonEnv({ requirements: ${JSON.stringify(requirements)} })`,
  )
  const child = execa(process.execPath, ['--import', 'tsx', script], { reject: false })
  await vi.waitFor(() => expect(called()).toHaveLength(2), 20_000)
  child.kill('SIGKILL')
  await child
  expect((await check('environment'))!.detail).toMatch(/^unfinished/)
  vi.stubEnv('FAKE_SECONDS', '0')
  const { python } = await pythonEnv({ requirements })
  expect(readdirSync(join(python, '../../..')).filter((name) => name.startsWith('env-'))).toHaveLength(1)
})

test('two that ask at once make one', async () => {
  vi.stubEnv('FAKE_SECONDS', '0.2')
  const lines: string[] = []
  const ask = () => pythonEnv({ requirements, onProgress: (line) => lines.push(line) })
  const [a, b] = await Promise.all([ask(), ask()])
  expect(a).toEqual(b)
  expect(builds()).toBe(1)
  expect(lines).toContain('another process makes the Python environment: waiting for it')
})

test('a repair makes it anew though it looks well', async () => {
  const before = await pythonEnv({ requirements })
  expect(await pythonEnv({ requirements, rebuild: true })).not.toEqual(before)
})

test.each([
  ['No Python at all', '', 'python-missing', /WHETSTONE_PYTHON/],
  ['ensurepip', 'ensurepip is not available', 'python-install-failed', /python3-venv/],
  ['No network', 'Could not resolve host', 'python-install-failed', /check the network/],
  ['No space', 'OSError: [Errno 28] No space left on device', 'disk-full', /Free some space/],
])('%s: says what to do, and leaves nothing half made', async (_, failure, code, advice) => {
  if (failure) vi.stubEnv('FAKE_FAILURE', failure)
  else vi.stubEnv('FAKE_VERSION', '3.10.4')
  const error = await pythonEnv({ requirements }).catch((error) => error)
  expect(error).toMatchObject({ code, fixedBy: 'machine' })
  expect(error.message).toMatch(advice)
  const [made] = readdirSync(join(folder, 'home'))
  expect(readdirSync(join(folder, 'home', made!)).filter((name) => name.startsWith('env-'))).toEqual([])
})

test('an abort ends the building', async () => {
  vi.stubEnv('FAKE_SECONDS', '30')
  const abort = new AbortController()
  const building = pythonEnv({ requirements, signal: abort.signal })
  await vi.waitFor(() => expect(called()).toHaveLength(2), 20_000)
  abort.abort(new Error('pause'))
  await expect(building).rejects.toThrow('pause')
})

test('the doctor changes nothing, and tells what is missing and what to do', async () => {
  expect(await check('environment')).toMatchObject({ ok: false, fix: expect.stringContaining('whet doctor --repair') })
  expect(await check('python')).toMatchObject({ ok: true, detail: expect.stringContaining('3.12.1') })
  expect(called()).toEqual([])
})

test('the doctor tells the size of a complete environment, and that there is no GPU', async () => {
  await pythonEnv({ requirements })
  expect(await check('environment')).toMatchObject({ ok: true, detail: expect.stringContaining('2.0 GB') })
  expect(await check('cuda')).toMatchObject({ ok: true, detail: expect.stringContaining('no GPU') })
})

test('a Python child inherits no setting that leads out of its environment', () => {
  vi.stubEnv('PIP_TARGET', '/usr/lib')
  vi.stubEnv('PYTHONPATH', '/elsewhere')
  vi.stubEnv('PIP_CERT', '/etc/cert.pem')
  expect(pythonEnvironment()).not.toHaveProperty('PIP_TARGET')
  expect(pythonEnvironment()).not.toHaveProperty('PYTHONPATH')
  expect(pythonEnvironment()).toHaveProperty('PIP_CERT', '/etc/cert.pem')
})
