import { z } from 'zod'

export const DataOptions = z.strictObject({
  file: z.string().describe('rows that `whet data import` wrote'),
  use: z
    .enum(['all', 'train', 'dev'])
    .default('all')
    .describe(
      'what they serve: all splits, each request in one of them; training only; or dev only, as logs of a real application',
    ),
  share: z
    .number()
    .min(0)
    .max(1)
    .default(0.3)
    .describe("share of a split's rows that comes from here, where phrase packs or scenarios give rows too"),
})
export type DataOptions = z.output<typeof DataOptions>
