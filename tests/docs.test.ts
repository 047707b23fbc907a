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

// student.maxTokens and trackers stand elsewhere in the config; what was learned before is the loop's to know
const elsewhere = ['maxTokens', 'rateFactor', 'trackers']
test.each([
  { kind: 'sft', files: ['sft'], given: ['learnedRows'], ofTheLoop: [] },
  {
    kind: 'kto',
    files: ['preference', 'kto'],
    given: ['fourBit'],
    ofTheLoop: ['enabled', 'practice', 'temperature', 'rows', 'hold', 'pairs'],
  },
  { kind: 'dpo', files: ['preference', 'dpo'], given: ['fourBit'], ofTheLoop: [] },
  {
    kind: 'grpo',
    files: ['grpo'],
    given: ['maxReplyTokens', 'quality', 'server', 'fourBit', 'vllm'],
    ofTheLoop: ['enabled', 'practice'],
  },
])(
  'train.$kind of the config has the parameters of its trainer, no more and no fewer',
  ({ kind, files, given, ofTheLoop }) => {
    const inTrainer = files.flatMap((file) => defaultsOf(read(`trainers/${file}.py`)))
    const inConfig = [...read('docs/config.md').matchAll(new RegExp(`\`train\\.${kind}\\.(\\w+)\``, 'g'))].map(
      ([, key]) => key!,
    )
    const learning = inConfig.filter((key) => !ofTheLoop.includes(key)) // when it is taught, and on what, is the loop's
    expect([...learning, ...elsewhere, ...given].sort()).toEqual(inTrainer.sort())
  },
)

const defaultsOf = (python: string): string[] => {
  const defaults = /^DEFAULTS = \{\n([\s\S]*?)^\}/m.exec(python)?.[1] ?? ''
  return [...defaults.matchAll(/^ {4}"(\w+)":/gm)].map(([, key]) => key!)
}
