import type { MeasuredRate } from '../../core/rates.ts'
import { type Cell, noData } from './text.ts'

/** A measured rate as reports show it. */
export const cellOf = (measured: MeasuredRate | undefined): Cell =>
  measured?.rate === undefined || measured.n === 0
    ? noData
    : {
        rate: measured.rate,
        low: measured.interval?.low ?? null,
        high: measured.interval?.high ?? null,
        passes: measured.measure === 'pass-rate' ? measured.passes : null,
        n: measured.n,
      }
