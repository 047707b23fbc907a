import type { Target } from '../../skill.ts'
import type { Definition } from './definition.ts'

/** Asking back and declining are bought cheaply with over-calling, so neither may fall far. Rates are shares, 0..1. */
const protect = { margin: 0.1, floor: 0.2 }

/** The first one is what promotion is decided by. */
const right: Target = { of: 'right', measure: 'pass-rate', pass: 0.75, warn: 0.65 }

const single: readonly Target[] = [
  { of: 'full-call', measure: 'pass-rate', pass: 0.8, warn: 0.65 },
  { of: 'tool-choice', measure: 'pass-rate', pass: 0.95, warn: 0.9 },
  { of: 'arguments', measure: 'pass-rate', pass: 0.9, warn: 0.8 },
]

const shared: readonly Target[] = [
  { of: 'no-invented-tools', measure: 'pass-rate', pass: 0.98, warn: 0.95 },
  { of: 'asks-back', measure: 'pass-rate', pass: 0.7, warn: 0.6, protect },
]

/** What a student does not do. Most students pass, so a small drop is much; rash calls and needless questions weigh alike. */
const notDone = { measure: 'pass-rate', pass: 0.97, warn: 0.93, protect: { margin: 0.05, floor: 0.5 } } as const
const restraint: Target = { of: 'restraint', ...notDone }
const asksOnlyThen: Target = { of: 'asks-only-then', ...notDone }

const declines: Target = { of: 'declines', measure: 'pass-rate', pass: 0.7, warn: 0.6, protect }
const format: Target = { of: 'format', measure: 'pass-rate', pass: 0.98, warn: 0.95 }

/** Behaviours over several turns. Destructive restraint is protected as asking is. */
const scenarios: readonly Target[] = [
  { of: 'goal', measure: 'pass-rate', pass: 0.75, warn: 0.6 },
  { of: 'on-plan', measure: 'mean-score', pass: 0.8, warn: 0.65 },
  { of: 'recovers', measure: 'pass-rate', pass: 0.75, warn: 0.6 },
  { of: 'verifies', measure: 'pass-rate', pass: 0.95, warn: 0.85, protect },
  { of: 'keeps-context', measure: 'pass-rate', pass: 0.85, warn: 0.7 },
  { of: 'economical', measure: 'pass-rate', pass: 0.9, warn: 0.8 },
  { of: 'answers', measure: 'pass-rate', pass: 0.9, warn: 0.8 },
]

/** What is aimed at, of the kinds of request that the definition has. */
export const targets = (definition: Definition): readonly Target[] => {
  const ofSingle = definition.packs.length > 0 || !definition.scenarios
  const behaviours = scenarios.filter(({ of }) => of !== 'keeps-context' || definition.scenarios?.context.length)
  return [
    right,
    ...(ofSingle ? single : []),
    ...(definition.scenarios ? behaviours : []),
    ...shared,
    asksOnlyThen,
    ...(ofSingle ? [declines] : []),
    ...(ofSingle && definition.destructive ? [restraint] : []),
    format,
  ]
}
