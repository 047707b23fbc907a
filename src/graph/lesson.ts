import type { Config } from '../core/config.ts'
import type { MeasuredRate } from '../core/rates.ts'
import type { Lesson } from '../core/round.ts'
import type { State } from './state.ts'

/**
 * Format and judgement are never taught at once. Judgement waits until the best student's format holds on dev. It is taught by
 * pairs and by rewards, as far as both are enabled, each until a round of it gained nothing; then format has its turn again, so
 * that a plateau of one does not end the others.
 */
export const nextLesson = (
  { best, formatHolds, teaches, withoutGain, round }: State,
  { train: { kto, grpo } }: Pick<Config, 'train'>,
): Lesson => {
  if (!kto.enabled && !grpo?.enabled) return { teaches: 'sft', why: 'train.kto is not enabled' }
  if (best === 0 || !formatHolds) return { teaches: 'sft', why: 'the format does not hold yet, so judgement waits' }
  const spent = teaches !== 'sft' && withoutGain > 0
  if (grpo?.enabled && (teaches === 'grpo' ? !spent : teaches === 'kto' ? spent : !kto.enabled))
    return {
      teaches: 'grpo',
      why: spent
        ? `round ${round} gained nothing from pairs, so rewards have their turn`
        : 'the format holds, so rewards teach',
    }
  if (spent || !kto.enabled) return { teaches: 'sft', why: `round ${round} taught judgement and was not promoted` }
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
