import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import type { DepthRow, TargetRow, TrainingRow } from './model.ts'
import { roundText, targetText } from './text.ts'

/** One measured point of a curve; rates 0..1. */
interface Point {
  readonly round: number
  readonly rate: number
  readonly low: number
  readonly high: number
}
type Split = 'gate' | 'dev'

const size = { width: 340, height: 210, marginLeft: 44, marginRight: 14, marginTop: 12, marginBottom: 30 } as const
const fontSize = 12

/**
 * One metric by round as SVG: gate as a solid line with its interval band, dev dashed, the goal as a thin line.
 * Colours are CSS variables of the page, so one drawing serves light and dark.
 */
export const metricChart = (target: TargetRow, best: number): string => {
  const [gate, dev] = [pointsOf(target, 'gate'), pointsOf(target, 'dev')]
  const rounds = target.rounds.map(({ round }) => round)
  const share = target.measure !== 'pooled'
  const chart = Plot.plot({
    document: parseHTML('<html></html>').document,
    ...size,
    style: { fontSize: `${fontSize}px`, overflow: 'visible' },
    x: {
      domain: domainOf(rounds),
      ticks: rounds,
      tickFormat: (n: number) => (n === 0 ? 'base' : String(n)),
      label: null,
      tickSize: 0,
      tickPadding: 8,
    },
    y: {
      ...(share && { domain: [0, 1], ticks: [0, 0.25, 0.5, 0.75, 1] }),
      tickFormat: share ? percentTick : undefined,
      label: null,
      tickSize: 0,
    },
    marks: [
      Plot.gridY({ stroke: 'var(--line)', strokeOpacity: 1, ...(share && { ticks: [0, 0.25, 0.5, 0.75, 1] }) }),
      Plot.ruleY([target.pass], { stroke: 'var(--goal)', strokeWidth: 1.5, strokeDasharray: '2,3' }),
      ...series(dev, 'var(--dev)', { strokeDasharray: '5,4', strokeWidth: 1.75, r: 2.5, band: 0.1 }),
      ...series(gate, 'var(--gate)', { strokeWidth: 2.5, r: 4, band: 0.2 }),
      Plot.dot(
        gate.filter(({ round }) => round === best),
        { x: 'round', y: 'rate', r: 7, stroke: 'var(--gate)', strokeWidth: 1.5, fill: 'none' },
      ),
    ],
  })
  return svgOf(chart, `${targetText(target.of, target.where)} by round`)
}

const series = (
  points: readonly Point[],
  colour: string,
  { r, band, ...line }: { r: number; band: number; strokeWidth: number; strokeDasharray?: string },
) => [
  // a band needs two points; one point has a bar
  points.length > 1
    ? Plot.areaY(points, { x: 'round', y1: 'low', y2: 'high', fill: colour, fillOpacity: band })
    : Plot.ruleX(points, { x: 'round', y1: 'low', y2: 'high', stroke: colour, strokeOpacity: 0.5, strokeWidth: 4 }),
  Plot.lineY(points, { x: 'round', y: 'rate', stroke: colour, ...line }),
  Plot.dot(points, { x: 'round', y: 'rate', r, fill: colour }),
]

/** A rate over settings that have a place on a line, such as the length of a catalogue. */
export const depthChart = ({ round, what, points }: DepthRow): string => {
  const drawn = points.flatMap(({ at, cell: { rate, low, high } }) =>
    at === null || rate === null ? [] : [{ round: at, rate, low: low ?? rate, high: high ?? rate }],
  )
  const chart = Plot.plot({
    document: parseHTML('<html></html>').document,
    ...size,
    style: { fontSize: `${fontSize}px`, overflow: 'visible' },
    x: { ticks: drawn.map(({ round: at }) => at), label: null, tickSize: 0, tickPadding: 8 },
    y: { domain: [0, 1], ticks: [0, 0.25, 0.5, 0.75, 1], tickFormat: percentTick, label: null, tickSize: 0 },
    marks: [
      Plot.gridY({ stroke: 'var(--line)', strokeOpacity: 1, ticks: [0, 0.25, 0.5, 0.75, 1] }),
      ...series(drawn, 'var(--gate)', { strokeWidth: 2.5, r: 4, band: 0.2 }),
    ],
  })
  return svgOf(chart, `${what}, ${roundText(round)}`)
}

/** Loss of one round's training by step. @param most the top of the axis, so that rounds can be compared */
export const lossChart = ({ round, curve }: TrainingRow, most: number): string => {
  const chart = Plot.plot({
    document: parseHTML('<html></html>').document,
    ...size,
    style: { fontSize: `${fontSize}px`, overflow: 'visible' },
    x: { label: null, tickSize: 0, ticks: 4, tickPadding: 8 },
    y: { domain: [0, most], label: null, tickSize: 0, ticks: 4 },
    marks: [
      Plot.gridY({ stroke: 'var(--line)', strokeOpacity: 1, ticks: 4 }),
      Plot.lineY(curve, { x: 'step', y: 'loss', stroke: 'var(--gate)', strokeWidth: 2 }),
    ],
  })
  return svgOf(chart, `training loss of round ${round} by step`)
}

const pointsOf = (target: TargetRow, split: Split): Point[] =>
  target.rounds.flatMap((each) => {
    const { rate, low, high } = each[split]
    return rate === null ? [] : [{ round: each.round, rate, low: low ?? rate, high: high ?? rate }]
  })

/** A single round stands in the middle, not on the axis. */
const domainOf = (rounds: readonly number[]) => {
  const [first, last] = [rounds[0] ?? 0, rounds.at(-1) ?? 0]
  return first === last ? [first - 1, last + 1] : [first, last]
}

const percentTick = (rate: number) => `${Math.round(rate * 100)} %`

/** Without titles and legends a plot is the SVG element itself. */
const svgOf = (svg: ReturnType<typeof Plot.plot>, label: string): string => namedImage(svg, label).outerHTML

/** One image with one name: what Plot calls its lines and dots is of no use to who listens, and no name that a group may have. */
export const namedImage = (svg: ReturnType<typeof Plot.plot>, label: string): typeof svg => {
  for (const group of svg.querySelectorAll('g[aria-label]')) group.removeAttribute('aria-label')
  svg.setAttribute('role', 'img')
  svg.setAttribute('aria-label', label)
  return svg
}
