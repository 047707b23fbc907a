import { z } from 'zod'
import { type DefineContext, type Dimensions, EmbedderSetting } from '../../skill.ts'
import { FrozenContract, readContract } from './contract.ts'
import { disturbances, kinds, relations } from './item.ts'
import { Material, readMaterial } from './material.ts'
import { Kinds, type Options, writtenByDefault } from './options.ts'
import { defineVoice, FrozenVoice } from './voice-definition.ts'

export const Definition = z.strictObject({
  contract: FrozenContract,
  material: Material,
  voice: FrozenVoice,
  kinds: Kinds,
  ideas: z.tuple([z.int(), z.int()]),
  written: z.number().optional(), // share of the outlines of training that a teacher reads out of the author's texts
  embeddings: EmbedderSetting.optional(), // left out: ideas are found by their words alone
})
export type Definition = z.infer<typeof Definition>

/** Reads contract, material and the author's folder once. */
export const define = async (options: Options, context: DefineContext): Promise<Definition> => ({
  contract: readContract(options.contract, context.baseDir),
  material: readMaterial(options.material, context.baseDir),
  voice: await defineVoice(options.author, context),
  kinds: options.kinds,
  ideas: options.ideas[0] <= options.ideas[1] ? options.ideas : [options.ideas[1], options.ideas[0]],
  ...(options.written !== writtenByDefault && { written: options.written }),
  ...(options.embeddings && { embeddings: options.embeddings }),
})

/** A kind of share 0 is never made, so nothing can be asked of it. */
export const dimensions = ({ kinds: shares, ideas: [least, most] }: Definition): Dimensions => ({
  kind: kinds.filter((kind) => shares[kind] > 0),
  disturbance: disturbances,
  relation: relations,
  ideas: Array.from({ length: most - least + 1 }, (_, at) => String(least + at)),
})
