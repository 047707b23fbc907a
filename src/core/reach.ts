import { z } from 'zod'

/** What trainers/machine.py measures. */
export const Machine = z.object({
  device: z.enum(['cpu', 'cuda']),
  name: z.string(), // of the GPU
  memoryGb: z.number().positive(), // of the GPU, or of this machine
  dtype: z.enum(['bfloat16', 'float32']), // what it multiplies fastest
  tflops: z.number().positive(), // measured on square matrices
})
export type Machine = z.output<typeof Machine>

export const methods = ['lora', 'full', 'qlora'] as const
export type Method = (typeof methods)[number]

/** Bytes for each parameter: frozen weights (half where the machine multiplies bf16), or float32 weights, gradients and Adam's two moments, or four bits and their scales. */
const bytesFor = (method: Method, { dtype }: Machine): number =>
  method === 'full' ? 16 : method === 'qlora' ? 0.75 : dtype === 'bfloat16' ? 2 : 4

/** Bytes of activations for each token of a sequence: 1.6 MB for SmolLM2-135M, growing with width times depth, which is about N^(2/3). */
const activationBytes = (parameters: number): number => 1.6e6 * (parameters / 135e6) ** (2 / 3)

/** What Python, torch and the tokenizer take; and the share of the memory that is left for training. */
const overheadGb = { cpu: 1.5, cuda: 1 }
const usable = { cpu: 0.7, cuda: 0.9 }

/** @returns parameters of the largest model that fits, by the rule of thumb above. @param context tokens of a sequence */
export const largestModel = (machine: Machine, method: Method, context: number): number => {
  const bytes = (machine.memoryGb * usable[machine.device] - overheadGb[machine.device]) * 1e9
  const fits = (n: number) => n * bytesFor(method, machine) + activationBytes(n) * context <= bytes
  let low = 0
  let high = 1e13
  while (high - low > 1e6) {
    const middle = (low + high) / 2
    if (fits(middle)) low = middle
    else high = middle
  }
  return low
}

/**
 * Tokens a second that LoRA learns: forward and backward through frozen weights are 4 operations a parameter and token (Kaplan et al. 2020
 * count 6 where the weights learn too), at the share of the matrix speed that a training reaches.
 */
export const tokensPerSecond = ({ tflops, device }: Machine, parameters: number): number =>
  (tflops * 1e12 * reached[device]) / (4 * parameters)

/** Measured on two idle cores: 0.82 TFLOP/s by trainers/machine.py and 385 tokens/s of SmolLM2-135M by LoRA (350 to 430 over a day). A GPU has not been measured: a cautious guess. */
const reached = { cpu: 0.25, cuda: 0.2 }

const context = 1024
const smallest = { name: 'SmolLM2-135M', parameters: 134.5e6 }
const example = { rows: 1000, tokens: 150 }

/** One line for a person: how large a model this machine can train by which method, and how long the smallest one takes. */
export const reachText = (machine: Machine): string => {
  const sizes = (['lora', 'full'] as const).map(
    (method) => `${words[method]} up to ${size(largestModel(machine, method, context))} parameters`,
  )
  if (machine.device === 'cuda')
    sizes.splice(1, 0, `${words.qlora} up to ${size(largestModel(machine, 'qlora', context))}`)
  const seconds = (example.rows * example.tokens) / tokensPerSecond(machine, smallest.parameters)
  return [
    `${machine.memoryGb} GB, ${machine.tflops.toPrecision(2)} TFLOP/s in ${machine.dtype}: ${sizes.join(', ')} at ${context} tokens a row`,
    `${example.rows} rows of ${example.tokens} tokens take ${smallest.name} about ${seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`} by LoRA (reckoned)`,
  ].join('; ')
}

const words: Record<Method, string> = { lora: 'LoRA', qlora: 'QLoRA', full: 'all weights' }

const size = (parameters: number): string =>
  parameters >= 1e9 ? `${(parameters / 1e9).toPrecision(2)}B` : `${Number((parameters / 1e6).toPrecision(2))}M`
