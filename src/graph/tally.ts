/** What a stage takes, told while it works and at its end: of the machine, and of the run's budget. */
import { folderBytes } from '../core/disk.ts'
import type { RunEvent } from '../core/events.ts'
import type { Usage } from '../core/usage.ts'
import type { Deps } from './deps.ts'
import type { BudgetSpent, Door } from './stage.ts'

/** A stage that is being looked at. */
export interface Tallying {
  /** Tells where the budget stands. */
  tell(): Promise<void>
  stop(): void
}

export interface Tally {
  begin(emit: Deps['emit']): Tallying
}

export interface TallyOptions extends Pick<Door, 'config' | 'files' | 'minutes' | 'gateway'> {
  readonly everyMs: number
  readonly before: readonly RunEvent[] // of this run: an alarm that was told is not told again
  usage(): Promise<Usage>
}

/** A person hears of a budget when so much of it is spent. */
const alarmAt = 0.8
/** A measure that has moved by less than this share is told as it was. */
const worthTelling = 0.05

export const tallyOf = ({ config, files, minutes, gateway, everyMs, before, usage }: TallyOptions): Tally => {
  const told = new Set(before.flatMap((event) => (event.type === 'budget.near' ? [alarmKey(event.data)] : [])))
  const alarm = (emit: Deps['emit'], which: BudgetSpent['which'], limit: number, spent: number) => {
    const key = alarmKey({ which, limit })
    if (limit <= 0 || spent < alarmAt * limit || told.has(key)) return
    told.add(key)
    emit({ type: 'budget.near', data: { which, limit, spent } })
  }
  const alarms = (emit: Deps['emit']) => {
    const { tokens = 0, money = 0 } = gateway?.spent() ?? {}
    alarm(emit, 'minutes', config.budget.minutes, minutes())
    alarm(emit, 'tokens', config.budget.tokens, tokens)
    alarm(emit, 'money', config.budget.money, money)
    return { minutes: minutes(), tokens, money }
  }
  return {
    begin: (emit) => {
      let [last, looking, stopped]: [Usage | undefined, boolean, boolean] = [undefined, false, false]
      const look = async () => {
        alarms(emit)
        const now = await usage()
        if (stopped || !isNews(last, now)) return
        last = now
        emit({ type: 'machine.sampled', data: { processes: [...now.processes], gpus: [...now.gpus] } })
      }
      const timer = setInterval(() => {
        if (looking) return
        looking = true
        // what cannot be measured is not told; a lost lease is the session's to notice
        look()
          .catch(() => {})
          .finally(() => {
            looking = false
          })
      }, everyMs)
      return {
        tell: async () => {
          const diskGb = (await folderBytes(files.dir)) / 1e9
          alarm(emit, 'GB of disk', config.budget.diskGb, diskGb)
          const { minutes, tokens, money, diskGb: disk } = config.budget
          const limits = { minutes, tokens, money, diskGb: disk }
          emit({ type: 'budget.spent', data: { ...alarms(emit), diskGb, limits } })
        },
        stop: () => {
          stopped = true
          clearInterval(timer)
        },
      }
    },
  }
}

const alarmKey = ({ which, limit }: { which: string; limit: number }) => `${which} ${limit}`

/** Whether anything came, went or moved since it was told. */
const isNews = (before: Usage | undefined, now: Usage): boolean => {
  const [a, b] = [measures(before), measures(now)]
  if (a.size !== b.size) return true
  return [...b].some(([name, value]) => {
    const old = a.get(name)
    return old === undefined || Math.abs(value - old) > worthTelling * Math.max(old, value)
  })
}

const measures = (usage: Usage | undefined): Map<string, number> =>
  new Map([
    ...(usage?.processes ?? []).map(({ what, bytes }) => [what, bytes] as const),
    ...(usage?.gpus ?? []).flatMap(({ usedBytes, busy }, at) => [
      [`gpu ${at}`, usedBytes] as const,
      [`busy ${at}`, Math.round((busy ?? 0) * 10)] as const, // by tenths: it never rests
    ]),
  ])
