import { Expressions, type Split } from '../../skill.ts'
import { type Material, materialOf } from './compiled.ts'
import type { Definition } from './definition.ts'

/** What one loaded skill keeps between calls: its worker, and the material of each split. */
export interface SkillTools {
  expressions(limitMs: number): Expressions
  material(definition: Definition, split: Split): Material
  close(): Promise<void>
}

export const skillTools = (): SkillTools => {
  let worker: Expressions | undefined
  const materials = new WeakMap<Definition, Map<Split, Material>>()
  return {
    expressions: (limitMs) => {
      worker ??= new Expressions(limitMs)
      return worker
    },
    material: (definition, split) => {
      const known = materials.get(definition) ?? new Map<Split, Material>()
      materials.set(definition, known)
      const made = known.get(split) ?? materialOf(definition, split)
      known.set(split, made)
      return made
    },
    close: async () => {
      await worker?.close()
      worker = undefined
    },
  }
}
