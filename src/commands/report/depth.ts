import type { Rate } from '../../core/rates.ts'
import type { KeptDepth } from '../../graph/depth-kept.ts'
import { percent, plural } from '../format.ts'
import { cellOf } from './cells.ts'
import type { Collected } from './collect.ts'
import type { DepthPoint, DepthRow } from './model.ts'
import { type Cell, clean, noData } from './text.ts'

/** What `whet eval` measured of the run's students: curves first, then repetitions, wordings and other items. */
export const depthRows = ({ depth }: Collected): DepthRow[] =>
  [...depth].flatMap(([round, kept]) =>
    kept.flatMap((one) =>
      [...curveRows(one), ...steadinessRows(one), ...robustnessRows(one), ...namedRows(one)].map((row) => ({
        round,
        split: one.split,
        ...row,
      })),
    ),
  )

type Measured = Omit<DepthRow, 'round' | 'split'>
const point = (label: string, cell: Cell, more: Partial<DepthPoint> = {}): DepthPoint => ({
  ...{ label, at: null, cell, problem: null },
  ...more,
})

/** One row a criterion, the deciding one first. */
const curveRows = ({ curve = [], primary }: KeptDepth): Measured[] => {
  const measured = [...new Set(curve.flatMap(({ rates }) => rates.flatMap(({ of, n }) => (n > 0 ? [of] : []))))]
  const criteria = [primary, ...measured.filter((of) => of !== primary)]
  return (curve.length === 0 ? [] : criteria).map((of) => ({
    what: `${of} by catalogue`,
    points: curve.map(({ label, at = null, rates, problem = null }) =>
      point(clean(label, 40), cellOf(rates.find((rate) => rate.of === of && !rate.where)), {
        at,
        problem: problem && clean(problem, 200),
      }),
    ),
  }))
}

const steadinessRows = ({ steadiness }: KeptDepth): Measured[] => {
  if (!steadiness) return []
  const { criterion, samples, temperature, items, passHat } = steadiness
  return [
    {
      what: `${criterion} in each of k replies (${plural(items, 'item')}, ${samples} replies each at temperature ${temperature})`,
      points: passHat.map(({ k, rate, interval }) =>
        point(`pass^${k}`, { ...noData, rate, low: interval?.low ?? null, high: interval?.high ?? null, n: items }),
      ),
    },
  ]
}

const robustnessRows = ({ robustness }: KeptDepth): Measured[] => {
  if (!robustness) return []
  const { criterion, items, wordings, plain, every } = robustness
  const cell = ({ rate, interval, passes, n }: Rate): Cell =>
    rate === undefined ? noData : { rate, low: interval?.low ?? null, high: interval?.high ?? null, passes, n }
  return [
    {
      what: `${criterion} of ${plural(items, 'item')} in ${plural(wordings, 'wording')}`,
      points: [point('in their own', cell(plain)), point('in every one', cell(every))],
    },
  ]
}

const namedRows = ({ named, rates = [], items }: KeptDepth): Measured[] =>
  named === undefined
    ? []
    : [
        {
          what: `${clean(named, 120)} (${plural(items, 'item')})`,
          points: rates
            .filter(({ where, n }) => !where && n > 0)
            .map((rate) => point(`${rate.of}${rate.measure === 'mean-score' ? ' (mean)' : ''}`, cellOf(rate))),
        },
      ]

/** `5 tools 82.1 % [77.0, 86.2] · 60 tools: too long`. */
export const pointText = ({ label, cell: { rate, low, high }, problem }: DepthPoint): string =>
  problem
    ? `${label}: ${problem}`
    : `${label} ${percent(rate)}${low === null || high === null ? '' : ` [${(low * 100).toFixed(1)}, ${(high * 100).toFixed(1)}]`}`
