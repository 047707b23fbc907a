import { z } from 'zod'

export const Item = z.object({
  id: z.string(),
  family: z.string(),
  tags: z.record(z.string(), z.array(z.string())),
  request: z.string(),
  slots: z.record(z.string(), z.json()), // a phrase slot holds its label
  gold: z.json(),
  fault: z.string().optional(), // why there is no gold: such an item passes nothing
})
export type Item = z.output<typeof Item>
