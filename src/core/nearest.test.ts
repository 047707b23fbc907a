import { expect, test } from 'vitest'
import { nearest, unknownName } from './nearest.ts'

test.each([
  ['tool-caling', ['essay-style', 'tool-calling'], 'tool-calling'],
  ['round', ['rows', 'rounds'], 'rounds'],
  ['RoundS', ['rows', 'rounds'], 'rounds'],
  ['tokens', ['slots', 'maxTokens'], 'maxTokens'],
  ['apiKey', ['model', 'apiKeyEnv'], 'apiKeyEnv'],
])('%s means the nearest of %j', (name, candidates, right) => {
  expect(nearest(name, candidates)).toBe(right)
})

test.each([
  ['seed', ['rows', 'plateau']],
  ['x', ['y']],
  ['', ['a', 'ab', 'abc']],
  ['anything', []],
])('%j is near to none of %j', (name, candidates) => {
  expect(nearest(name, candidates)).toBeUndefined()
})

test('an unknown name is told with the nearest one and with those there are', () => {
  expect(unknownName('skill', 'esay-style', ['tool-calling', 'essay-style'])).toBe(
    'There is no skill "esay-style". Did you mean "essay-style"? There are: tool-calling, essay-style.',
  )
})

test('where there are none, it says so', () => {
  expect(unknownName('run', 'a', [])).toBe('There is no run "a". There are none yet.')
})

test('a long list is cut', () => {
  const names = Array.from({ length: 30 }, (_, index) => `tool_number_${index}`)
  expect(unknownName('tool', 'zzz', names)).toMatch(/tool_number_19 and 10 more\.$/)
})
