/** What a question says before a person answers it: the same words in terminal, browser and MCP; no module of Node's. */
import { duration, plural, size } from './format-text.ts'

/** A line of a spec or of a config that stays, comes or goes. */
export interface DiffLine {
  readonly change: 'same' | 'added' | 'removed'
  readonly part: string
}

/** What forecasts may hold; each command has some of it. */
interface Known {
  readonly minutes?: number
  readonly money?: number | null
  readonly minutesLeft?: number // of the budget
  readonly moneyLeft?: number
  readonly rounds?: number // of a whole run, which may end before the last one
  readonly rows?: number
  readonly bytes?: number // to be freed
  readonly spec?: readonly DiffLine[]
  readonly settings?: readonly Setting[]
  readonly budget?: readonly { readonly limit: string; readonly before: number | null; readonly after: number }[]
}

/** A key of the config before and after. */
export interface Setting {
  readonly key: string
  readonly before: unknown
  readonly after: unknown
}

/** Cost and time in words, and what changes as a diff. */
export const forecastText = (forecast: unknown): { words: string; diff: readonly DiffLine[] } => {
  if (typeof forecast !== 'object' || forecast === null) return { words: '', diff: [] }
  const known = forecast as Known
  const { minutes, money, minutesLeft, moneyLeft, rounds, rows, bytes } = known
  const { spec = [], settings = [], budget = [] } = known
  const most = rounds === undefined ? '' : 'at most '
  const limits = budget.map(({ limit, ...values }) => ({ key: `budget.${limit}`, ...values }))
  return {
    words: [
      ...(minutes === undefined ? [] : [`${most}about ${duration(minutes * 60)}`]),
      ...(money === undefined ? [] : [moneyText(money)]),
      ...(minutesLeft === undefined ? [] : [`at most ${duration(minutesLeft * 60)} that are left of the budget`]),
      ...(moneyLeft === undefined ? [] : [`at most money ${moneyLeft.toFixed(2)} that is left of it`]),
      ...(rounds === undefined ? [] : [plural(rounds, 'round')]),
      ...(rows ? [plural(rows, 'row')] : []), // none: there is no spec yet
      ...(bytes === undefined ? [] : [`deletes ${size(bytes)}`]),
    ].join(' · '),
    diff: [...spec, ...[...settings, ...limits].flatMap(settingDiff)],
  }
}

const moneyText = (money: number | null): string => {
  if (money === null) return 'money: not known yet, models are asked that may cost'
  return money === 0 ? 'no money' : `money about ${money.toFixed(2)}`
}

const settingDiff = ({ key, before, after }: Setting): DiffLine[] => [
  { change: 'removed', part: `${key}: ${before === undefined || before === null ? 'as configured' : value(before)}` },
  { change: 'added', part: `${key}: ${value(after)}` },
]

const value = (of: unknown): string => (typeof of === 'object' ? JSON.stringify(of) : String(of))

export const diffSigns: Readonly<Record<DiffLine['change'], string>> = { added: '+', removed: '−', same: ' ' }
