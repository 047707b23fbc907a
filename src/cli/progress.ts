import type { Colors } from 'picocolors/types.js'
import { bar, bounds, count, duration, indent, percent, plural, points, table, tagsText } from '../commands/format.ts'
import { oneLine } from '../commands/one-line.ts'
import { roundText, targetText } from '../commands/report/text.ts'
import type { EventData, RunEvent } from '../core/events.ts'
import { tallyText } from '../core/teacher/tally.ts'

type Rates = EventData<'eval.finished'>['rates']

/** What the events so far have told; small, and never changed in place. */
export interface Progress {
  readonly run?: string
  readonly round?: number
  readonly stage?: string
  readonly stageAt?: number // ms since the epoch
  readonly now?: { readonly done: number; readonly total: number; readonly what: string } // of the stage at hand
  readonly step?: EventData<'train.step'>
  readonly base: Readonly<Record<string, Rates>> // by split: the untouched student's
  readonly said: Readonly<Record<string, number>> // when a kind of progress was last said in a line, ms since the epoch
}

export const noProgress: Progress = { base: {}, said: {} }

export interface Style {
  readonly colors: Colors
  readonly live: boolean // a live view shows progress: no lines for it
}

/** A plain line of progress is said at most this often, milliseconds. */
const quietMs = 15_000

/** Takes one event in. Returns what is known now, and the lines that stay on the screen. */
export const advance = (before: Progress, event: RunEvent, style: Style): { progress: Progress; lines: string[] } => {
  const progress = learn(before, event)
  const lines = linesOf(before, progress, event, style)
  const spoken = lines.length > 0 ? throttled(event) : undefined
  return {
    progress: spoken ? { ...progress, said: { ...progress.said, [spoken]: Date.parse(event.at) } } : progress,
    lines,
  }
}

const learn = (before: Progress, event: RunEvent): Progress => {
  const after = { ...before, run: event.run, round: event.round ?? before.round }
  switch (event.type) {
    case 'stage.started':
      return { ...after, stage: event.stage, stageAt: Date.parse(event.at), now: undefined, step: undefined }
    case 'stage.finished':
    case 'stage.failed':
      return { ...after, now: undefined, step: undefined, said: {} }
    case 'stage.progress':
      return { ...after, now: event.data }
    case 'eval.progress':
      return { ...after, now: { ...event.data, what: `${event.data.split} items` } }
    case 'train.step':
      return { ...after, step: event.data }
    case 'eval.finished':
      return (event.round ?? 0) === 0
        ? { ...after, base: { ...before.base, [event.data.split]: event.data.rates } }
        : after
    default:
      return after
  }
}

/** The kind of an event that comes too often for a line each. */
const throttled = (event: RunEvent): string | undefined => {
  if (event.type === 'train.step') return 'train'
  if (event.type === 'eval.progress') return `eval ${event.data.split}`
  if (event.type === 'stage.progress') return `${event.stage} ${event.data.what}`
  return undefined
}

const linesOf = (before: Progress, after: Progress, event: RunEvent, style: Style): string[] => {
  const kind = throttled(event)
  if (kind === undefined) return said(after, event, style.colors)
  const last = before.said[kind]
  const ended = event.type === 'train.step' ? event.data.step >= event.data.of : false
  if (style.live || (!ended && last !== undefined && Date.parse(event.at) - last < quietMs)) return []
  return [style.colors.dim(`  ${activity(after)}`)]
}

/** `train  ━━━━────  step 40/120 · loss 0.812 · 1,240 tokens/s · 3 min left` without the stage's name. */
const activity = ({ now, step }: Progress, width = 0): string => {
  if (step) {
    const drawn = width ? `${bar(step.step / step.of, width)} ` : ''
    const loss = step.loss === null ? 'loss not finite' : `loss ${step.loss.toFixed(3)}`
    return `${drawn}step ${step.step}/${step.of} · ${loss} · ${count(step.tokensPerSecond)} tokens/s · ${duration(step.etaSeconds)} left`
  }
  if (!now) return ''
  if (now.total <= 0) return now.done > 0 ? `${oneLine(now.what, 60)} ${count(now.done)}` : oneLine(now.what, 60)
  const drawn = width ? `${bar(now.done / now.total, width)} ` : ''
  return `${drawn}${oneLine(now.what, 60)} ${count(now.done)}/${count(now.total)}`
}

/** The line that a terminal redraws: what happens now. @param now ms since the epoch */
export const liveLine = (progress: Progress, now: number, colors: Colors): string => {
  if (!progress.stage) return ''
  const seconds = progress.stageAt === undefined ? 0 : (now - progress.stageAt) / 1000
  const place = `${roundText(progress.round ?? 0)} · ${progress.stage}`
  return `${colors.cyan(place)}  ${[activity(progress, 24), left(progress, seconds), colors.dim(duration(seconds))].filter(Boolean).join(' · ')}`
}

/** Time left by the pace so far, where a total is known and a tenth of it is done. */
const left = ({ now, step }: Progress, seconds: number): string => {
  if (step || !now || now.total <= 0 || now.done <= 0 || now.done >= now.total) return ''
  return now.done / now.total < 0.1 ? '' : `about ${duration((seconds * (now.total - now.done)) / now.done)} left`
}

const said = (progress: Progress, event: RunEvent, colors: Colors): string[] => {
  switch (event.type) {
    case 'run.started':
      return [`${colors.bold(event.run)} ${colors.dim(`· ${event.data.skill}`)}`]
    case 'run.resumed':
      return [
        `${colors.bold(event.run)} ${colors.dim(event.data.trainsOn ? `· goes on, and trains on ${event.data.trainsOn}` : '· goes on')}`,
      ]
    case 'run.paused':
      return [colors.yellow(`paused by ${event.data.by}`)]
    case 'run.stopped':
      return [colors.yellow(`stopped: ${event.data.reason}${event.data.detail ? ` (${event.data.detail})` : ''}`)]
    case 'run.failed':
      return [colors.red(`failed: ${oneLine(event.data.message, 400)} [${event.data.code}]`)]
    case 'run.finished':
      return [colors.green(`finished: ${event.data.reason} · best: ${roundText(event.data.best)}`)]
    case 'stage.started':
      return [colors.cyan(`${roundText(event.round ?? 0)} · ${event.stage}`)]
    case 'stage.failed':
      return [colors.red(`  ${event.stage} failed [${event.data.code}]`)] // the run's own failure says why
    case 'item.counts': {
      const { made, accepted, rejected, duplicates, leaked } = event.data
      return [
        `  ${count(made)} made · ${count(accepted)} accepted · ${count(rejected)} rejected · ${count(duplicates)} near-duplicates · ${count(leaked)} too near to an evaluation item`,
      ]
    }
    case 'items.improved':
      return [`  ${count(event.data.accepted)} of ${plural(event.data.tried, 'rejected item')} mended by the improver`]
    case 'teacher.yield':
      return [colors.dim(`  ${oneLine(tallyText(event.data), 300)}`)]
    case 'llm.used': {
      const { role, model, calls, cached, input, output, money } = event.data
      const kept = cached > 0 ? `, ${count(cached)} more from kept answers` : ''
      const cost = money > 0 ? `, money ${money.toFixed(4)}` : ''
      return [colors.dim(`  ${role} ${model}: ${plural(calls, 'call')}, ${count(input + output)} tokens${cost}${kept}`)]
    }
    case 'pairs.made': {
      const { practised, pairs, fromStudent, warnings } = event.data
      return [
        `  ${count(practised)} practice answers · ${plural(pairs, 'pair')} · ${count(fromStudent)} bad replies are the student's own`,
        ...warnings.map((warning) => colors.yellow(`  pairs: ${warning}`)),
      ]
    }
    case 'train.started':
      return [colors.dim(`  ${event.data.kind}${event.data.adopted ? ': a trainer is already at it, adopted' : ''}`)]
    case 'train.finished':
      return [
        `  ${plural(event.data.steps, 'step')} · ${count(event.data.tokens)} tokens · ${duration(event.data.seconds)} · loss ${event.data.finalLoss?.toFixed(3) ?? 'not finite'}`,
      ]
    case 'server.restarted':
      return [colors.yellow(`  the student server died (${oneLine(event.data.why)}) and was started again`)]
    case 'eval.finished':
      return [ratesTable(progress, event.data, event.round ?? 0, colors)]
    case 'gate.verdict':
      return verdictLines(event.data, colors)
    case 'spec.written':
      return specLines(event.data, colors)
    case 'prediction.scored':
      return [predictionLine(event.data, colors)]
    case 'order.taken':
      return [colors.yellow(`  ${event.data.verb}: ${oneLine(event.data.answer)}`)]
    case 'item.edited':
      return [
        `  ${oneLine(event.data.item, 80)} edited by ${event.data.by}: ${oneLine(event.data.fields.join(', '), 80)}`,
      ]
    case 'rows.reviewed':
      return [
        `  ${plural(event.data.items, 'item')} left out by ${event.data.by}, ${plural(event.data.left, 'row')} left`,
      ]
    case 'sealed.opened':
      return [colors.yellow(`  the sealed split was opened by ${event.data.by}, look ${event.data.opening}`)]
    case 'model.published':
      return [`  published in ${oneLine(event.data.folder)}, targets ${event.data.targets.replace('-', ' ')}`]
    case 'approval.requested':
      return [colors.yellow(`  waits for approval: ${oneLine(event.data.what)}. \`whet approve\` lets it go on.`)]
    case 'budget.near':
      return [
        colors.yellow(
          `  budget: ${Number(event.data.spent.toFixed(2))} of ${event.data.limit} ${event.data.which} are spent; \`whet budget\` changes it`,
        ),
      ]
    case 'budget.exceeded':
      return [
        colors.yellow(`  budget: ${event.data.which} ${count(event.data.spent)} of ${count(event.data.limit)} spent`),
      ]
    case 'warning':
      return [colors.yellow(`  warning: ${oneLine(event.data.message, 400)} [${event.data.code}]`)]
    default:
      return []
  }
}

const ratesTable = (progress: Progress, data: EventData<'eval.finished'>, round: number, colors: Colors): string => {
  const base = round > 0 ? progress.base[data.split] : undefined
  const rows = Object.entries(data.rates).map(([criterion, { passes, n }]) => {
    const rate = n > 0 ? passes / n : undefined
    const before = base?.[criterion]
    const moved = rate !== undefined && before && before.n > 0 ? rate - before.passes / before.n : undefined
    const cells = [criterion, bar(rate ?? 0, 12), percent(rate), `${passes}/${n}`]
    return base ? [...cells, moved === undefined ? '' : tint(moved, colors)(points(moved))] : cells
  })
  const head = [`${data.split}, ${plural(data.rows, 'item')}`, '', 'rate', 'passed', ...(base ? ['since base'] : [])]
  return indent(
    table(
      head.map((word) => colors.dim(word)),
      rows,
      [2, 3, 4],
    ),
  )
}

const tint = (moved: number, colors: Colors) =>
  moved > 0 ? colors.green : moved < 0 ? colors.red : (text: string) => text

const verdictLines = (data: EventData<'gate.verdict'>, colors: Colors): string[] => {
  const paint = { promote: colors.green, hold: colors.yellow, reject: colors.red }[data.verdict]
  const { of, difference, low, high } = data.primary
  const moved =
    typeof difference === 'number'
      ? `${of} ${points(difference)} points${low === undefined || low === null ? '' : ` ${bounds(low, high)}`}`
      : ''
  const reason = data.reason ? oneLine(data.reason, 300) : moved
  const breaches = data.tags.filter(({ status }) => status === 'breach' || status === 'floor')
  return [
    `  ${paint(colors.bold(data.verdict))}${reason ? `: ${reason}` : ''}`,
    ...breaches.map((tag) =>
      colors.red(
        `  protected: ${targetText(tag.of, tag.where)} ${tag.status === 'floor' ? 'is below its floor' : `${points(tag.difference)} points`}`,
      ),
    ),
  ]
}

const specLines = (data: EventData<'spec.written'>, colors: Colors): string[] => {
  const by = {
    uniform: 'spread evenly',
    statistical: 'aimed by the failure report',
    'error-weighted': 'in proportion to the errors of each tag',
    llm: 'aimed by the LLM analyst',
    placebo: 'aimed at shuffled failures, as a control',
    person: 'as a person wrote it',
  }
  const aimed = data.hypotheses.length > 0
  const parts = aimed ? data.hypotheses.map((hypothesis) => hypothesis.part) : data.parts
  const rows = data.parts.reduce((sum, part) => sum + part.rows, 0)
  const head = `  next rows: ${count(rows)}, ${by[data.author]}`
  if (!aimed) return [head]
  const shown = parts.slice(0, 6).map((part, index) => {
    const { criterion, points: predicted, probability } = data.hypotheses[index]!.predicts
    return `    ${tagsText(part.where)}: ${plural(part.rows, 'row')} ${colors.dim(`· expects ${criterion} ${points(predicted)} points, probability ${probability.toFixed(2)}`)}`
  })
  const more = parts.length - shown.length
  return [head, ...shown, ...(more > 0 ? [colors.dim(`    and ${more} more`)] : [])]
}

const predictionLine = (data: EventData<'prediction.scored'>, colors: Colors): string => {
  const came = typeof data.moved === 'number' ? `came ${points(data.moved)}` : 'no data came'
  const mark = data.hit === true ? colors.green('hit') : data.hit === false ? colors.red('missed') : 'open'
  return `  predicted ${data.criterion} ${tagsText(data.where)} ${points(data.predicted)}: ${came}, ${mark}`
}
