import type { Config } from '../core/config.ts'
import type { MeasuredRate } from '../core/rates.ts'
import type { Lesson } from '../core/round.ts'
import type { State } from './state.ts'

/**
 * Format and judgement are never taught at once. Judgement waits until the best student's format holds on dev; where a
 * round of it gained nothing, the next one is of format again, so that a plateau of one does not end the other.
 */
export const nextLesson = (
  { best, formatHolds, teaches, withoutGain, round }: State,
  { train }: Pick<Config, 'train'>,
): Lesson => {
  if (!train.kto.enabled) return { teaches: 'sft', why: 'train.kto is not enabled' }
  if (best === 0 || !formatHolds) return { teaches: 'sft', why: 'the format does not hold yet, so judgement waits' }
  if (teaches === 'kto' && withoutGain > 0)
    return { teaches: 'sft', why: `round ${round} taught judgement and was not promoted` }
  return { teaches: 'kto', why: 'the format holds, so judgement is taught' }
}

/**
 * Whether a student's format holds on dev: its targets are met or near (WARN). Among 80 items a target of 98 % allows one
 * failure, so that a pass alone would be decided by chance.
 */
export const formatHolds = (dev: readonly MeasuredRate[], format: string): boolean => {
  const ofFormat = dev.filter(({ of }) => of === format)
  return ofFormat.length > 0 && ofFormat.every(({ status }) => status === 'pass' || status === 'warn')
}
