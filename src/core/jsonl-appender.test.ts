import { mkdtempSync, readFileSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { JsonlAppender, readJsonl } from './jsonl.ts'

const folder = mkdtempSync(join(tmpdir(), 'whet-appender-'))
let files = 0
const fresh = () => join(folder, `${files++}`, 'rows.jsonl')
afterEach(() => {
  vi.restoreAllMocks()
})

/** What all file handles share, so that a test can watch or break it. */
const handlePrototype = async (): Promise<FileHandle> => {
  const handle = await open(import.meta.filename)
  await handle.close()
  return Object.getPrototypeOf(handle) as FileHandle
}

test('a row is in the file when its append resolves', async () => {
  const file = fresh()
  const appender = await JsonlAppender.open(file)
  await appender.append({ a: 1 })
  expect(readFileSync(file, 'utf8')).toBe('{"a":1}\n')
  await appender.close()
})

test('rows appended at once keep their order and share syncs', async () => {
  const file = fresh()
  const appender = await JsonlAppender.open(file)
  const sync = vi.spyOn(await handlePrototype(), 'datasync')
  const rows = Array.from({ length: 1000 }, (_, index) => ({ index }))
  await Promise.all(rows.map((row) => appender.append(row)))
  expect(sync.mock.calls.length).toBe(Math.ceil(1000 / 64))
  expect((await readJsonl(file)).rows).toEqual(rows)
  await appender.close()
})

test('closing waits for the rows under way, and is final', async () => {
  const file = fresh()
  const appender = await JsonlAppender.open(file)
  const appended = appender.append('last')
  await appender.close()
  await appender.close()
  await appended
  expect((await readJsonl(file)).rows).toEqual(['last'])
  await expect(appender.append('later')).rejects.toMatchObject({ code: 'appender-closed' })
})

test('a row that is no JSON fails alone', async () => {
  const file = fresh()
  const appender = await JsonlAppender.open(file)
  expect(() => appender.append(1n)).toThrow(TypeError)
  await appender.append('good')
  expect((await readJsonl(file)).rows).toEqual(['good'])
  await appender.close()
})

test('on a full disk every waiting row fails, the file keeps its whole rows, and a new appender goes on', async () => {
  const file = fresh()
  const appender = await JsonlAppender.open(file)
  await appender.append('before')
  const prototype = await handlePrototype()
  const write = prototype.write
  vi.spyOn(prototype, 'write').mockImplementationOnce(async function (this: FileHandle, ...args: unknown[]) {
    await Reflect.apply(write, this, [args[0], 0, 3, args[3]]) // half a row arrives
    throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
  } as never)
  const results = await Promise.allSettled(['one', 'two'].map((row) => appender.append(row)))
  expect(results).toMatchObject([{ reason: { code: 'disk-full' } }, { reason: { code: 'disk-full' } }])
  await expect(appender.append('three')).rejects.toMatchObject({ code: 'disk-full', fixedBy: 'machine' })
  await expect(appender.close()).rejects.toMatchObject({ code: 'disk-full' })

  expect(readFileSync(file, 'utf8')).toBe('"before"\n')
  const next = await JsonlAppender.open(file)
  await next.append('after')
  await next.close()
  expect((await readJsonl(file)).rows).toEqual(['before', 'after'])
})

test('a failed row that nobody waits for is told by close, and ends no process', async () => {
  const appender = await JsonlAppender.open(fresh())
  vi.spyOn(await handlePrototype(), 'datasync').mockRejectedValueOnce(
    Object.assign(new Error('quota'), { code: 'EDQUOT' }),
  )
  void appender.append('lost') // vitest fails a file with an unhandled rejection
  await new Promise((resolve) => setTimeout(resolve, 50))
  await expect(appender.close()).rejects.toMatchObject({ code: 'disk-full' })
})
