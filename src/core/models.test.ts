import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { baseFolder, exportGguf, findBase, prepareBase } from './models.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whet-models-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Stands for the environment's Python. */
const python = (body: string) => {
  const file = join(folder, 'python')
  writeFileSync(file, `#!/bin/sh\necho "$@" >> ${folder}/calls\n${body}\n`)
  chmodSync(file, 0o755)
  return file
}
const calls = () => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n')
const prepares = `echo "reading weights"; mkdir -p "$5" && echo '{"sha256": "abc"}' > "$5/prepared.json"`
const refuses = (code: string) => `echo '{"error": {"code": "${code}", "message": "Say why."}}' >&2; exit 2`

test('a base is prepared once, with progress', async () => {
  const lines: string[] = []
  const options = { base: 'smollm2-135m', models: folder, python: python(prepares) }
  const first = await prepareBase({ ...options, onProgress: (line) => lines.push(line) })
  expect(first).toEqual({ dir: join(folder, 'smollm2-135m'), sha256: 'abc' })
  expect(await prepareBase(options)).toEqual(first)
  expect(calls()).toHaveLength(1)
  expect(lines).toContain('reading weights')
})

test('a prepared base needs no Python', async () => {
  mkdirSync(join(folder, 'small'))
  writeFileSync(join(folder, 'small/prepared.json'), '{"sha256": "abc"}')
  const never = () => Promise.reject(new Error('asked for Python'))
  expect((await prepareBase({ base: 'small', models: folder, python: never })).sha256).toBe('abc')
})

test('the models folder is never left, whatever the base is called', async () => {
  for (const base of ['../../etc', 'org/name', '..', '/', 'a\0b'])
    expect((await baseFolder(base, folder)).startsWith(`${folder}/`), base).toBe(true)
})

test('two local folders of one name are two bases', async () => {
  mkdirSync(join(folder, 'a/model'), { recursive: true })
  mkdirSync(join(folder, 'b/model'), { recursive: true })
  const of = (name: string) => baseFolder(join(folder, name, 'model'), folder)
  expect(await of('a')).not.toBe(await of('b'))
})

test('what the script refuses keeps its code and its words', async () => {
  const options = { base: 'none', models: folder, python: python(refuses('base-missing')) }
  await expect(prepareBase(options)).rejects.toMatchObject({
    code: 'base-missing',
    message: 'Say why.',
    fixedBy: 'config',
  })
  expect(await findBase('none', folder)).toBeUndefined()
})

test('a crash of the script points to the doctor and keeps its last words', async () => {
  const options = { base: 'none', models: folder, python: python('echo "Traceback: no module" >&2; exit 1') }
  const error = await prepareBase(options).catch((error) => error)
  expect(error).toMatchObject({ code: 'python-failed', data: { exitCode: 1, stderrTail: 'Traceback: no module' } })
  expect(error.message).toContain('whet doctor')
})

test('a full disk is told as one', async () => {
  const full = python('echo "OSError: [Errno 28] No space left on device" >&2; exit 1')
  const writing = exportGguf({ base: folder, out: join(folder, 's.gguf'), quant: 'q8_0', python: full })
  await expect(writing).rejects.toMatchObject({ code: 'disk-full' })
})

test('an adapter is merged where there is one', async () => {
  const options = { base: '/base', out: '/out/s.gguf', quant: 'f16', python: python('true') }
  await exportGguf(options)
  expect(await exportGguf({ ...options, adapter: '/adapter' })).toBe('/out/s.gguf')
  expect(calls().map((line) => line.replace(/^\S+export\.py /, ''))).toEqual([
    '--base /base --out /out/s.gguf --type f16',
    '--base /base --adapter /adapter --out /out/s.gguf --type f16',
  ])
})

test('a number format that is not written is refused before anything runs', async () => {
  const writing = exportGguf({ base: '/b', out: '/o', quant: 'q4_0', python: '/nowhere' })
  await expect(writing).rejects.toMatchObject({ code: 'bad-quant', exit: 2 })
})

test('an abort ends the script', async () => {
  const abort = new AbortController()
  const preparing = prepareBase({
    base: 'x',
    models: folder,
    python: python('echo started; exec sleep 30'),
    signal: abort.signal,
    onProgress: (line) => line === 'started' && abort.abort(new Error('pause')),
  })
  await expect(preparing).rejects.toThrow('pause')
})
