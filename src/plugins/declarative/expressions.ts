import { Expressions, messageOf, type Split } from '../../skill.ts'
import { type Material, materialOf } from './compiled.ts'
import type { Definition } from './definition.ts'
import { ExpressionFault } from './gold.ts'

/** What one loaded skill keeps between calls: its worker, and the material of each split. */
export interface SkillTools {
  expressions(limitMs: number): Expressions
  material(definition: Definition, split: Split): Material
  /** What went wrong, and where in the skill's file: `skill.yaml:9:31: gold.person: took more than 1000 ms`. */
  told(error: unknown): string
  close(): Promise<void>
}

/** @param placeOf where a path of the file stands: file, line and column */
export const skillTools = (placeOf: (path: ExpressionFault['path']) => string): SkillTools => {
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
    told: (error) =>
      error instanceof ExpressionFault
        ? `${placeOf(error.path)}: ${error.path.join('.')}: ${error.message}`
        : messageOf(error),
    close: async () => {
      await worker?.close()
      worker = undefined
    },
  }
}
