import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { diskError, writeAtomic } from './disk.ts'

const noSpace = () => Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })

test('a disk that fills up is told with its folder, what is free and what was needed; nothing is left over', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'whet-disk-'))
  const file = join(folder, 'rows.jsonl')
  const filling = async function* () {
    yield 'x'.repeat(2_000_000)
    throw noSpace()
  }
  await expect(writeAtomic(file, filling())).rejects.toMatchObject({
    code: 'disk-full',
    fixedBy: 'machine',
    message: expect.stringMatching(/free, 2 MB or more needed for rows\.jsonl/),
    data: { folder, file, neededBytes: 2_000_000, freeBytes: expect.any(Number) },
  })
  expect(readdirSync(folder)).toEqual([])
})

test('a quota that is used up is a full disk too', async () => {
  const error = await diskError(Object.assign(new Error(), { code: 'EDQUOT' }), '/no/such/folder/file', 10)
  expect(error).toMatchObject({ code: 'disk-full', message: expect.stringContaining('your quota is used up') })
})

test('any other error stays what it is', async () => {
  const error = new Error('something else')
  expect(await diskError(error, '/tmp/file', 10)).toBe(error)
})
