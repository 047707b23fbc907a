import { expect, test } from 'vitest'
import { largestModel, type Machine, reachText, tokensPerSecond } from './reach.ts'

const cores: Machine = { device: 'cpu', name: '', memoryGb: 25.3, dtype: 'bfloat16', tflops: 0.4 }
const gpu: Machine = { device: 'cuda', name: 'H100', memoryGb: 80, dtype: 'bfloat16', tflops: 600 }

test('LoRA takes a larger model than all weights, and four bits a larger one still', () => {
  const [full, lora, qlora] = (['full', 'lora', 'qlora'] as const).map((method) => largestModel(gpu, method, 1024)) as [
    number,
    number,
    number,
  ]
  expect(full).toBeLessThan(lora)
  expect(lora).toBeLessThan(qlora)
  expect(full * 16).toBeLessThan(80e9)
})

test('a longer context leaves less room, and so do float32 weights', () => {
  const most = largestModel(cores, 'lora', 1024)
  expect(largestModel(cores, 'lora', 4096)).toBeLessThan(most)
  expect(largestModel({ ...cores, dtype: 'float32' }, 'lora', 1024)).toBeLessThan(most)
})

test('a machine without room for anything trains nothing', () => {
  expect(largestModel({ ...cores, memoryGb: 1 }, 'lora', 1024)).toBe(0)
})

test('the speed follows the matrices and the size of the model', () => {
  expect(tokensPerSecond(cores, 270e6)).toBeCloseTo(tokensPerSecond(cores, 135e6) / 2)
  expect(tokensPerSecond({ ...cores, tflops: 0.8 }, 135e6)).toBeCloseTo(2 * tokensPerSecond(cores, 135e6))
})

test('the line names sizes, method and time, QLoRA only where there is a GPU', () => {
  expect(reachText(cores)).toMatch(
    /LoRA up to [\d.]+B parameters, all weights up to \d+M parameters at 1024 tokens.*min by LoRA/,
  )
  expect(reachText(cores)).not.toContain('QLoRA')
  expect(reachText(gpu)).toMatch(/QLoRA up to \d+B.* s by LoRA/)
})
