import type { EvaluationSummary } from '../graph/evaluate-run.ts'
import { bar, interval, percent, plural, table } from './format.ts'

/** What `whet eval` measured beyond one reply to each item: a curve, repetitions, other wordings. */
export const depthText = (summary: EvaluationSummary, dim: (words: string[]) => string[]): string[] => [
  ...curveText(summary, dim),
  ...steadinessText(summary, dim),
  ...robustnessText(summary),
]

const curveText = ({ curve, primary }: EvaluationSummary, dim: (words: string[]) => string[]): string[] => {
  if (!curve) return []
  const drawn = curve.flatMap(({ label, rates, problem }) => {
    if (problem) return [[label, '', '', '', '', problem]]
    const own = rates.find(({ of, where }) => of === primary && !where)
    const bounds = interval(own?.interval?.low, own?.interval?.high)
    return [[label, bar(own?.rate ?? 0, 24), percent(own?.rate), bounds, `${own?.passes ?? 0}/${own?.n ?? 0}`, '']]
  })
  const names = [...new Set(curve.flatMap(({ rates }) => rates.map(({ of }) => of)))].filter((of) => of !== primary)
  const others = curve.map(({ label, rates }) => [
    label,
    ...names.map((name) => percent(rates.find(({ of }) => of === name)?.rate)),
  ])
  return [
    '',
    table(dim([`${primary} by catalogue`, '', 'rate', '95 % interval', 'passed', '']), drawn, [2, 3, 4]),
    ...(names.length > 0
      ? [
          '',
          table(
            dim(['', ...names]),
            others,
            names.map((_, at) => at + 1),
          ),
        ]
      : []),
  ]
}

const steadinessText = ({ steadiness }: EvaluationSummary, dim: (words: string[]) => string[]): string[] => {
  if (!steadiness) return []
  const { criterion, samples, temperature, items, passHat } = steadiness
  const rows = passHat.map(({ k, rate, interval: bounds }) => [
    `pass^${k}`,
    bar(rate, 24),
    percent(rate),
    interval(bounds?.low, bounds?.high),
  ])
  return [
    '',
    `${criterion}: ${plural(items, 'item')}, ${samples} replies each at temperature ${temperature}`,
    table(dim(['all of k right', '', 'rate', '95 % interval']), rows, [2, 3]),
  ]
}

const robustnessText = ({ robustness }: EvaluationSummary): string[] => {
  if (!robustness) return []
  const { criterion, items, alone, wordings, plain, every } = robustness
  const of = ({ rate, interval: bounds, passes, n }: typeof plain) =>
    `${percent(rate)} ${interval(bounds?.low, bounds?.high)} (${passes}/${n})`
  return [
    '',
    `${criterion} of ${plural(items, 'item')} in ${plural(wordings, 'wording')}${alone > 0 ? `; ${plural(alone, 'further item')} have one wording only` : ''}`,
    `  in their own wording  ${of(plain)}`,
    `  in every wording      ${of(every)}`,
  ]
}
