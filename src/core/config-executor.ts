/** The section `executor` of whetstone.yaml. */
import { z } from 'zod'
import { apiKeyEnv, whole } from './config-fields.ts'

const Ray = z.strictObject({
  address: z
    .url({ protocol: /^https?$/, error: "expected the dashboard's http(s) address such as http://head:8265" })
    .describe("address of the cluster's dashboard, which takes jobs"),
  tokenEnv: apiKeyEnv().describe("name of the environment variable that holds the cluster's token"),
  python: z.string().min(1).default('python').describe('interpreter on its nodes that has Ray'),
  trainerPython: z
    .string()
    .min(1)
    .optional()
    .describe("interpreter on its nodes that has the trainers' requirements; `python` where left out"),
  cpus: z.number().min(0).default(1).describe('CPUs that a job asks for, on each of its nodes'),
  gpus: z.number().min(0).default(0).describe('GPUs that a job asks for, on each of its nodes'),
  nodes: whole(1, 64)
    .default(1)
    .describe("nodes that share a job, each a machine of its own; the trainers' `processes` are a multiple of it"),
  retries: whole(0, 100)
    .default(3)
    .describe('nodes that a job may lose; it goes on from its checkpoint on another one'),
})

export const Executor = z
  .union([z.literal('local'), z.strictObject({ ray: Ray })], {
    // within a section the problem is told at its own key
    error: ({ input }) => (typeof input === 'object' ? undefined : 'expected `local`, or `ray: { address: ... }`'),
  })
  .default('local')
  .describe('where training jobs run: on this machine, or on a Ray cluster')
