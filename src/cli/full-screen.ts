import type { Colors } from 'picocolors/types.js'
import { bar, count, duration, percent, size } from '../commands/format.ts'
import { advanceRun, type LiveRun, noRun, type StageTime } from '../commands/live-run.ts'
import { oneLine } from '../commands/one-line.ts'
import { roundText } from '../commands/report/text.ts'
import type { RunEvent } from '../core/events.ts'
import { cut, type Screen } from './live.ts'
import { advance, noProgress, type Progress } from './progress.ts'

export interface Size {
  readonly columns: number
  readonly rows: number
}

const order = ['define', 'generate', 'validate', 'practice', 'train', 'evaluate', 'gate', 'analyze']
const blocks = '▁▂▃▄▅▆▇█'
const redrawMs = 200

/** A run on the whole screen, from the same events as every other view. The terminal is as it was when it ends. */
export class FullScreen {
  #run: LiveRun = noRun
  #pending: RunEvent[] = [] // taken in once a drawing: a long history comes at once
  #progress: Progress = noProgress
  #log: string[] = []
  #timer: NodeJS.Timeout | undefined
  readonly #restore = () => this.end()

  constructor(
    private readonly screen: Screen & { readonly rows?: number },
    private readonly colors: Colors,
  ) {}

  event(event: RunEvent): void {
    this.#pending.push(event)
    const { progress, lines } = advance(this.#progress, event, { colors: this.colors, live: true })
    this.#progress = progress
    this.#log.push(...lines.flatMap((line) => line.split('\n')))
    this.#log.splice(0, this.#log.length - 500)
    this.#begin()
  }

  progress(): void {}

  line(text: string): void {
    if (this.#timer) this.#log.push(...text.split('\n'))
    else this.screen.write(`${text}\n`)
  }

  end(): void {
    if (!this.#timer) return
    clearInterval(this.#timer)
    this.#timer = undefined
    process.off('exit', this.#restore)
    this.screen.write('\u001b[?25h\u001b[?1049l')
  }

  #begin(): void {
    if (this.#timer) return
    this.screen.write('\u001b[?1049h\u001b[?25l')
    process.on('exit', this.#restore)
    this.#timer = setInterval(() => this.#draw(), redrawMs)
  }

  #draw(): void {
    this.#run = advanceRun(this.#run, this.#pending.splice(0))
    const size = { columns: this.screen.columns ?? 80, rows: this.screen.rows ?? 24 }
    const lines = screenOf(this.#run, this.#log, size, Date.now(), this.colors)
    this.screen.write(`\u001b[H${lines.map((line) => `${line}\u001b[K`).join('\n')}\u001b[J`)
  }
}

/** The lines of the screen, never more and never wider than it is. @param now ms since the epoch */
export const screenOf = (
  run: LiveRun,
  log: readonly string[],
  { columns, rows }: Size,
  now: number,
  colors: Colors,
): string[] => {
  const head = [
    ...headOf(run, colors),
    '',
    ...stagesOf(run, now, colors),
    '',
    ...nowOf(run, now, colors),
    ...machineOf(run, colors),
    ...ratesOf(run, colors),
    ...lossOf(run, columns, colors),
  ]
  const room = Math.max(3, rows - Math.min(head.length, rows - 4) - 2)
  const tail = log.slice(-room)
  const foot = colors.dim('Ctrl-C leaves; the run goes on')
  return [...head.slice(0, rows - 4), '', ...tail, foot].slice(0, rows).map((line) => cut(line, columns - 1))
}

const headOf = (run: LiveRun, colors: Colors): string[] => {
  const paint =
    { running: colors.cyan, finished: colors.green, failed: colors.red }[run.status as 'running'] ?? colors.yellow
  const title = `${colors.bold(run.run ?? '')} · ${paint(run.status)}${run.reason ? `: ${oneLine(run.reason, 100)}` : ''}`
  return run.waiting ? [title, colors.yellow(`waits for approval: ${run.waiting.what}. whet approve`)] : [title]
}

/** A line a round, with what each stage took. */
const stagesOf = (run: LiveRun, now: number, colors: Colors): string[] => {
  const known = order.filter((stage) => run.stages.some((each) => each.stage === stage))
  const rounds = [...new Set(run.stages.map(({ round }) => round))].slice(-6)
  const head = colors.dim(['', ...known].map((word) => word.padEnd(11)).join(''))
  const cell = (round: number, stage: string) => {
    const found = run.stages.findLast((each) => each.round === round && each.stage === stage)
    const text = (found ? timeOf(found, now) : '').padEnd(11)
    return found?.failed ? colors.red(text) : found?.ms === undefined ? colors.cyan(text) : text
  }
  return [
    head,
    ...rounds.map((round) => roundText(round).padEnd(11) + known.map((stage) => cell(round, stage)).join('')),
  ]
}

const timeOf = ({ ms, startedAt, failed }: StageTime, now: number): string => {
  if (failed) return '✗ failed'
  return ms === undefined
    ? `▸ ${duration(Math.max(0, now - startedAt) / 1000)}`
    : `✓ ${ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : duration(ms / 1000)}`
}

const nowOf = (run: LiveRun, now: number, colors: Colors): string[] => {
  const stage = run.stages.at(-1)
  if (run.status !== 'running' || !stage || stage.ms !== undefined) return []
  const place = colors.cyan(`${roundText(stage.round)} · ${stage.stage}`)
  if (!stage.now || stage.now.total === 0)
    return [`${place}  ${oneLine(stage.now?.what ?? '', 60)} ${duration((now - stage.startedAt) / 1000)}`]
  const { done, total, what } = stage.now
  const left =
    run.step && stage.stage === 'train'
      ? ` · ${count(run.step.tokensPerSecond)} tokens/s · ${duration(run.step.etaSeconds)} left`
      : ''
  return [`${place}  ${bar(done / total, 30)} ${count(done)}/${count(total)} ${oneLine(what, 40)}${left}`]
}

/** What the stage at work takes, and what was paid. */
const machineOf = ({ status, samples, models }: LiveRun, colors: Colors): string[] => {
  const sample = samples.at(-1)
  if (status !== 'running' || !sample) return []
  const money = models.reduce((sum, model) => sum + model.money, 0)
  const words = [
    ...sample.processes.map(({ what, bytes }) => `${what} ${size(bytes)}`),
    ...sample.gpus.map(
      ({ usedBytes, totalBytes, busy }, at) =>
        `GPU ${at} ${size(usedBytes)} of ${size(totalBytes)}${busy === null ? '' : `, busy ${percent(busy)}`}`,
    ),
    ...(money > 0 ? [`money ${money.toFixed(2)}`] : []),
  ]
  return [colors.dim(words.join(' · '))]
}

const ratesOf = ({ rates }: LiveRun, colors: Colors): string[] => {
  const last = rates.at(-1)
  if (!last) return []
  return [
    '',
    colors.dim(`${last.split}, ${roundText(last.round)}`),
    ...Object.entries(last.rates).map(
      ([of, { passes, n }]) =>
        `  ${of.padEnd(22)} ${bar(n ? passes / n : 0, 20)} ${percent(n ? passes / n : undefined).padStart(7)}  ${passes}/${n}`,
    ),
  ]
}

/** The last round's loss as a line of blocks, from its own lowest to its own highest. */
const lossOf = ({ losses }: LiveRun, columns: number, colors: Colors): string[] => {
  const round = losses.at(-1)?.round
  const values = losses.filter((each) => each.round === round).flatMap(({ loss }) => loss ?? [])
  if (values.length < 2) return []
  const shown = values.slice(-Math.max(10, columns - 30))
  const [low, high] = [Math.min(...shown), Math.max(...shown)]
  const block = (value: number) => blocks[high === low ? 0 : Math.round(((value - low) / (high - low)) * 7)]
  return ['', `${colors.dim('loss')} ${shown.map(block).join('')} ${shown.at(-1)?.toFixed(3)}`]
}
