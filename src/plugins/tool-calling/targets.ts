import type { Target } from '../../skill.ts'

/** Asking back and declining are bought cheaply with over-calling, so neither may fall far. Rates are shares, 0..1. */
const protect = { margin: 0.1, floor: 0.2 }

/** The first one is what promotion is decided by. */
export const targets: readonly Target[] = [
  { of: 'right', measure: 'pass-rate', pass: 0.75, warn: 0.65 },
  { of: 'full-call', measure: 'pass-rate', pass: 0.8, warn: 0.65 },
  { of: 'tool-choice', measure: 'pass-rate', pass: 0.95, warn: 0.9 },
  { of: 'arguments', measure: 'pass-rate', pass: 0.9, warn: 0.8 },
  { of: 'no-invented-tools', measure: 'pass-rate', pass: 0.98, warn: 0.95 },
  { of: 'asks-back', measure: 'pass-rate', pass: 0.7, warn: 0.6, protect },
  { of: 'declines', measure: 'pass-rate', pass: 0.7, warn: 0.6, protect },
  { of: 'format', measure: 'pass-rate', pass: 0.98, warn: 0.95 },
]
