import type { Target } from '../../skill.ts'
import type { Definition } from './definition.ts'

/** The first one is what promotion is decided by. The voice is measured over all replies together and is no target. */
export const targets = ({ kinds }: Definition): readonly Target[] => [
  { of: 'right', measure: 'pass-rate', pass: 0.5, warn: 0.25 },
  { of: 'structure', measure: 'pass-rate', pass: 0.8, warn: 0.6 },
  { of: 'coverage', measure: 'mean-score', pass: 0.85, warn: 0.7 },
  { of: 'faithfulness', measure: 'mean-score', pass: 0.95, warn: 0.85 },
  { of: 'length', measure: 'pass-rate', pass: 0.8, warn: 0.6 },
  { of: 'order', measure: 'mean-score', pass: 0.8, warn: 0.6 },
  { of: 'concision', measure: 'pass-rate', pass: 0.9, warn: 0.75 },
  ...(kinds.clarify > 0 ? [{ of: 'clarifies', measure: 'pass-rate' as const, pass: 0.7, warn: 0.5 }] : []),
  ...(kinds.revise > 0 ? [{ of: 'revision', measure: 'pass-rate' as const, pass: 0.6, warn: 0.4 }] : []),
]
