import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { licenceOf, publicBase } from './licence.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whet-licence-'))
  return () => rmSync(folder, { recursive: true })
})
const write = (name: string, text: string) => writeFileSync(join(folder, name), text)

test.each([
  ['apache-2.0', 'free'],
  ['cc-by-nd-4.0', 'forbidden'],
  ['cc-by-nc-nd-4.0', 'forbidden'],
  ['cc-by-nc-4.0', 'conditions'],
  ['llama3.2', 'conditions'],
])('a base under %s: publishing is %s', async (id, publishing) => {
  write('README.md', `---\nlicense: ${id}\nlanguage: en\n---\n# A base\n`)
  expect(await licenceOf('org/base', folder)).toMatchObject({ id, publishing })
})

test('the front matter counts before the text of a LICENSE, and another name than the usual ones is taken from it', async () => {
  write('LICENSE', 'Apache License\nVersion 2.0, January 2004')
  expect(await licenceOf('org/base', folder)).toMatchObject({ id: 'apache-2.0', from: 'LICENSE' })
  write('README.md', '---\nlicense: other\nlicense_name: some-research-licence\n---\n')
  const licence = await licenceOf('org/base', folder)
  expect(licence).toMatchObject({ id: 'some-research-licence', publishing: 'conditions' })
  expect(licence.says).toContain('commercial')
})

test('what nobody stated is unknown, not free', async () => {
  write('README.md', '# No front matter')
  write('LICENSE', 'Ask my lawyer.')
  expect(await licenceOf('org/base', folder)).toMatchObject({ id: 'unknown', publishing: 'unknown' })
})

test('a prepared base has its public name, and a local folder only its own', () => {
  expect(publicBase('smollm2-135m')).toMatchObject({ hub: 'HuggingFaceTB/SmolLM2-135M-Instruct' })
  expect(publicBase('org/small')).toEqual({ name: 'org/small', hub: 'org/small' })
  expect(publicBase('./models/mine')).toEqual({ name: 'mine' })
})
