import { describe, expect, test } from 'vitest'
import { parseConfig } from '../core/config.ts'
import { overridden } from './project.ts'
import { sweepOf } from './sweep.ts'

const text = 'skill: toy\n'
const arms = (...sweeps: string[]) =>
  sweepOf(sweeps, (overrides) => parseConfig(overridden(text, overrides), 'whetstone.yaml')).map(({ arm }) => arm)

test('several keys make a grid, in the order of typing', () => {
  expect(arms('train.sft.rank=8,16', 'train.sft.learningRate=1e-3, 0.002')).toEqual([
    'train.sft.rank=8 train.sft.learningRate=1e-3',
    'train.sft.rank=8 train.sft.learningRate=0.002',
    'train.sft.rank=16 train.sft.learningRate=1e-3',
    'train.sft.rank=16 train.sft.learningRate=0.002',
  ])
})

describe('refused before anything is begun:', () => {
  test.each([
    ['no values', ['train.sft.rank'], /Write KEY=VALUE,VALUE/],
    ['one value', ['train.sft.rank=8'], /two values or more/],
    ['an empty value', ['train.sft.rank=8,'], /two values or more/],
    ['a value twice', ['train.sft.rank=8,16,8'], /the value 8 twice/],
    ['a key twice', ['train.sft.rank=8,16', 'train.sft.rank=32,64'], /given twice/],
    ['a seed', ['seed=1,2'], /seeds are --seeds/],
    ['another gate for each arm', ['evaluation.gate=60,120'], /cannot be swept/],
    ['what the experiment sets itself', ['loop.rounds=1,2'], /cannot be swept/],
    ['an unknown key', ['train.sft.rnak=8,16'], /did you mean "rank"/],
    ['a value out of range', ['train.sft.learningRate=0.1,2'], /at most 1/],
    [
      'more arms than anyone has time for',
      ['train.sft.rank=1,2,3,4,5,6,7,8,9', 'train.sft.epochs=1,2,3,4,5,6,7,8'],
      /72 arms/,
    ],
  ])('%s', (_, sweeps, message) => {
    expect(() => arms(...sweeps)).toThrow(expect.objectContaining({ code: 'bad-sweep', exit: 2 }))
    expect(() => arms(...sweeps)).toThrow(message)
  })
})
