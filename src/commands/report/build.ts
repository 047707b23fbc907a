import type { MeasuredRate } from '../../core/rates.ts'
import type { RoundSummary } from '../../core/round.ts'
import { aimedAgainstOthers } from './aimed.ts'
import { cellOf } from './cells.ts'
import type { Collected } from './collect.ts'
import { depthRows } from './depth.ts'
import { failuresByDimension } from './dimensions.ts'
import { dataRows, methodOf, timeRows, trainingRows } from './method.ts'
import type { Headline, Report, RunState, TargetRow } from './model.ts'
import { sideBySide } from './replies.ts'
import { roundRows } from './rounds.ts'
import { noData, roundText } from './text.ts'
import { unpairedChange } from './unpaired.ts'

/** Everything that the report says, from what the run's folder holds. */
export const buildReport = (collected: Collected): Report => {
  const { rounds, config, frozen } = collected
  const targets = targetRows(rounds)
  return {
    report: 1,
    run: collected.run,
    skill: frozen?.skill ?? config?.skill ?? 'unknown skill',
    student: config?.student.url ?? config?.student.base ?? 'unknown student',
    startedAt: frozen?.at ?? collected.events[0]?.at ?? rounds[0]?.at ?? null,
    state: stateOf(collected),
    notes: [...collected.notes, ...gaps(collected), ...warnings(collected)],
    headline: headlineOf(collected, targets),
    targets,
    rounds: roundRows(collected),
    aimed: aimedAgainstOthers(collected),
    failures: failuresByDimension(collected),
    replies: sideBySide(collected),
    depth: depthRows(collected),
    sections: collected.sections,
    data: dataRows(collected),
    training: trainingRows(collected),
    time: timeRows(collected),
    method: methodOf(collected),
  }
}

/** The criterion that decides promotion. */
export const primaryOf = ({ rounds, config }: Collected): string | undefined =>
  rounds.findLast(({ verdict }) => verdict)?.verdict?.primary.of ?? config?.gate.primary ?? rounds[0]?.rates.gate[0]?.of

const keyOf = ({ of, where, measure }: MeasuredRate) => JSON.stringify([of, where ?? {}, measure])

const targetRows = (rounds: readonly RoundSummary[]): TargetRow[] => {
  const best = rounds.at(-1)?.best ?? 0
  const known = new Map(rounds.flatMap(({ rates }) => [...rates.gate, ...rates.dev]).map((rate) => [keyOf(rate), rate]))
  const guarded = new Set(
    rounds.flatMap(({ verdict }) => verdict?.protected ?? []).map(({ of, where }) => JSON.stringify([of, where ?? {}])),
  )
  return [...known].map(([key, target]) => {
    const perRound = rounds.map(({ round, rates }) => {
      const gate = rates.gate.find((rate) => keyOf(rate) === key)
      const dev = rates.dev.find((rate) => keyOf(rate) === key)
      return { round, dev: cellOf(dev), gate: cellOf(gate), status: gate?.status ?? ('no-data' as const) }
    })
    return {
      of: target.of,
      ...(target.where && { where: target.where }),
      measure: target.measure,
      pass: target.target.pass,
      warn: target.target.warn,
      protected: guarded.has(JSON.stringify([target.of, target.where ?? {}])),
      rounds: perRound,
      best: perRound.find(({ round }) => round === best)?.status ?? 'no-data',
    }
  })
}

const headlineOf = (collected: Collected, targets: readonly TargetRow[]): Headline | null => {
  const last = collected.rounds.at(-1)
  const of = primaryOf(collected)
  if (!last || !of) return null
  const main = targets.find((target) => target.of === of && !target.where) ?? targets.find((target) => target.of === of)
  const cell = (round: number) => main?.rounds.find((each) => each.round === round)?.gate ?? noData
  const [base, now] = [cell(0), cell(last.best)]
  const verdict = collected.rounds.find(({ round }) => round === last.best)?.verdict
  const paired = last.best > 0 && collected.against.get(last.best) === 0 ? verdict?.primary : undefined
  const { difference, low, high } = paired ?? {}
  return {
    of,
    best: last.best,
    base,
    now,
    gained:
      difference !== undefined && low !== undefined && high !== undefined
        ? { difference, low, high, paired: true }
        : { ...unpairedChange(base, now), paired: false },
    targetsMet: targets.filter(({ best }) => best === 'pass').length,
    targetsTotal: targets.length,
  }
}

const reasons: Readonly<Record<string, string>> = {
  targets: 'all targets are met',
  rounds: 'all rounds are used',
  plateau: 'no round brought a gain any more',
  budget: 'the budget is spent',
  person: 'a person stopped it',
}

const stateOf = ({ events, rounds, open, alive }: Collected): RunState => {
  const last = events.findLast(({ type }) => type.startsWith('run.'))
  const why = (reason: string) => reasons[reason] ?? reason
  if (last?.type === 'run.finished')
    return { finished: true, what: 'finished', sentence: `The run is finished: ${why(last.data.reason)}.` }
  const where = whereItStands(rounds, open)
  const said = (what: RunState['what'], sentence: string): RunState => ({ finished: false, what, sentence })
  if (last?.type === 'run.stopped')
    return said(
      'stopped',
      `The run was stopped (${[why(last.data.reason), last.data.detail].filter(Boolean).join(': ')}). ${where}`,
    )
  if (last?.type === 'run.failed')
    return said(
      'failed',
      `The run failed (${last.data.code}): ${last.data.message} ${where} \`whet resume\` goes on from there.`,
    )
  if (last?.type === 'run.paused')
    return said('paused', `The run is paused. ${where} \`whet resume\` goes on from there.`)
  if (alive) return said('running', `The run is still going on. ${where}`)
  return said('unfinished', `The run has not finished. ${where}`)
}

const whereItStands = (rounds: readonly RoundSummary[], open: readonly number[]): string => {
  const measured = rounds.at(-1)
  const done = measured
    ? `Measured so far: ${roundText(0)}${measured.round > 0 ? ` to round ${measured.round}` : ''}.`
    : 'Nothing is measured yet.'
  const begun = open.at(-1)
  return begun === undefined
    ? done
    : `${done} ${begun === 0 ? 'The baseline' : `Round ${begun}`} has begun and has no result yet.`
}

const gaps = ({ rounds, frozen }: Collected): string[] => {
  const notes: string[] = []
  if (!frozen) notes.push('frozen.json is missing: splits, seeds and hashes are not shown.')
  const lost = rounds.filter(({ unscored }) => unscored.dev + unscored.gate > 0)
  for (const { round, unscored } of lost)
    notes.push(
      `In ${roundText(round)}, ${unscored.dev} dev and ${unscored.gate} gate replies were lost to infrastructure. They count neither as passed nor as failed.`,
    )
  return notes
}

const warnings = ({ events }: Collected): string[] => [
  ...new Set(events.flatMap((event) => (event.type === 'warning' ? [event.data.message] : []))),
]
