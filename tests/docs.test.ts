import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { configPage } from '../scripts/config-page.ts'
import { skillFilePage } from '../scripts/skill-file-page.ts'

const root = path.join(import.meta.dirname, '..')
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')

test('docs/config.md and docs/skill-file.md are what the schemas say', () => {
  expect(read('docs/config.md')).toBe(configPage())
  expect(read('docs/skill-file.md')).toBe(skillFilePage())
})

test('the README opens with the two lines, and CI runs its test line', () => {
  const readme = read('README.md')
  expect(readme.indexOf('npm ci && npm start')).toBeGreaterThan(-1)
  expect(readme.indexOf('npm ci && npm test')).toBeGreaterThan(-1)
  expect(read('.ci/run').trim().split('\n').at(-1)).toBe('npm ci && npm test')
})

test.each(['sft', 'dpo'])('train.%s of the config has the parameters of its trainer, no more and no fewer', (kind) => {
  const defaults = /^DEFAULTS = \{\n([\s\S]*?)^\}/m.exec(read(`trainers/${kind}.py`))?.[1] ?? ''
  const inTrainer = [...defaults.matchAll(/^ {4}"(\w+)":/gm)].map(([, key]) => key)
  const inConfig = [...read('docs/config.md').matchAll(new RegExp(`\`train\\.${kind}\\.(\\w+)\``, 'g'))].map(
    ([, key]) => key,
  )
  // student.maxTokens and trackers stand elsewhere in the config; what was learned before is the loop's to know
  const elsewhere = ['maxTokens', 'rateFactor', 'trackers', ...(kind === 'sft' ? ['learnedRows'] : [])]
  expect([...inConfig, ...elsewhere].sort()).toEqual(inTrainer.sort())
})

test('train.grpo of the config has the parameters of trainers/grpo.py, no more and no fewer', () => {
  const defaults = /^DEFAULTS = \{\n([\s\S]*?)^\}/m.exec(read('trainers/grpo.py'))?.[1] ?? ''
  const inTrainer = [...defaults.matchAll(/^ {4}"(\w+)":/gm)].map(([, key]) => key)
  const inConfig = [...read('docs/config.md').matchAll(/`train\.grpo\.(\w+)`/g)].map(([, key]) => key)
  // what the loop itself makes of the others: when rewards are taught, and on what
  const ofTheLoop = ['enabled', 'practice']
  const elsewhere = ['maxTokens', 'maxReplyTokens', 'rateFactor', 'quality', 'server', 'trackers']
  expect([...inConfig.filter((key) => !ofTheLoop.includes(key!)), ...elsewhere].sort()).toEqual(inTrainer.sort())
})
