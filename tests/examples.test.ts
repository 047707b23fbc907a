import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { whet } from './cli-fixture.ts'

const root = path.join(import.meta.dirname, '..')
const examples = readdirSync(path.join(root, 'examples')).filter((name) =>
  existsSync(path.join(root, 'examples', name, 'whetstone.yaml')),
)

test.each(examples)('examples/%s keeps the contract and plans a run', async (name) => {
  const config = path.join('examples', name, 'whetstone.yaml')
  const checked = await whet(root, ['plugin', 'check', '-c', config, '--json'])
  const { claims } = JSON.parse(checked.stdout) as { claims: { ok: boolean; advice: boolean; detail: string }[] }
  expect(claims.filter(({ ok, advice }) => !ok && !advice).map(({ detail }) => detail)).toEqual([])
  const planned = await whet(root, ['run', '--plan', '-c', config, '--json'])
  expect(planned.code).toBe(0)
})
