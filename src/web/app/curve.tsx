/** A line chart that is redrawn as points come: uPlot, with a band for intervals. */
import { useEffect, useRef } from 'react'
import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'

export interface Line {
  readonly label: string
  readonly values: readonly (number | null)[]
  readonly low?: readonly (number | null)[]
  readonly high?: readonly (number | null)[]
}

interface Props {
  readonly title: string
  readonly xs: readonly number[]
  readonly lines: readonly Line[]
  readonly xName: string
  readonly format: (value: number) => string
  readonly theme: string // drawn anew when it changes
  readonly range?: [number, number]
  readonly fromZero?: boolean // of amounts: a small change is to look small
}

/** Colours that are told apart in both themes, also by people who see few. */
const strokes = ['--line-1', '--line-2', '--line-3', '--line-4', '--line-5', '--line-6']
const height = 220

export const Curve = ({ title, xs, lines, xName, format, theme, range, fromZero }: Props) => {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<UPlot | undefined>(undefined)
  const shape = JSON.stringify([lines.map(({ label, low }) => [label, !!low]), range, fromZero, theme, xName])
  const data = dataOf(xs, lines)
  const newest = useRef(data)
  newest.current = data
  useEffect(() => {
    const box = place.current
    if (!box) return
    const made = new UPlot(
      optionsOf(box, lines, xName, format, range ?? (fromZero ? upFromZero : undefined)),
      newest.current,
      box,
    )
    plot.current = made
    const resized = new ResizeObserver(() => made.setSize({ width: box.clientWidth, height }))
    resized.observe(box)
    return () => {
      resized.disconnect()
      made.destroy()
    }
  }, [shape])
  useEffect(() => {
    plot.current?.setData(data)
  })
  const last = lines.map(
    ({ label, values }) => `${label} ${values.length > 0 ? format(values.at(-1) ?? Number.NaN) : 'no data'}`,
  )
  return (
    <figure className="curve">
      <figcaption>{title}</figcaption>
      <div ref={place} role="img" aria-label={`${title}. Now: ${last.join(', ')}`} />
    </figure>
  )
}

/** Each line is up to three series: its values, and the bounds of its band. */
const dataOf = (xs: readonly number[], lines: readonly Line[]): UPlot.AlignedData =>
  [
    [...xs],
    ...lines.flatMap(({ values, low, high }) => [[...values], ...(low && high ? [[...low], [...high]] : [])]),
  ] as UPlot.AlignedData

/** From the first x to the last one. What uPlot itself proposes around a single x is a hundred wide. */
const wholeRange = ({ data: [xs] }: UPlot): [number, number] => {
  const [first, last] = [xs[0] ?? 0, xs.at(-1) ?? 0]
  return [first, Math.max(last, first + 1)]
}

const upFromZero = (_plot: UPlot, _low: number, high: number): [number, number] => [0, high > 0 ? high * 1.1 : 1]

const optionsOf = (
  box: HTMLElement,
  lines: readonly Line[],
  xName: string,
  format: (value: number) => string,
  range: [number, number] | typeof upFromZero | undefined,
): UPlot.Options => {
  const style = getComputedStyle(box)
  const color = (name: string) => style.getPropertyValue(name).trim()
  const series: UPlot.Series[] = [{ label: xName }]
  const bands: UPlot.Band[] = []
  for (const [at, { label, low, high }] of lines.entries()) {
    const stroke = color(strokes[at % strokes.length]!)
    series.push({
      label,
      stroke,
      width: 2,
      points: { size: 6 },
      value: (_plot, value) => (value === null || value === undefined ? '–' : format(value)),
    })
    if (!low || !high) continue
    const first = series.length
    const bound: UPlot.Series = { show: true, stroke: 'transparent', width: 0, points: { show: false }, class: 'bound' }
    series.push({ ...bound, label: `${label} low` }, { ...bound, label: `${label} high` })
    bands.push({ series: [first + 1, first], fill: `${stroke}2b` })
  }
  const axis = {
    stroke: color('--dim'),
    grid: { stroke: color('--rule'), width: 1 },
    ticks: { stroke: color('--rule') },
    font: '12px system-ui',
  }
  return {
    width: box.clientWidth,
    height,
    series,
    bands,
    cursor: { drag: { x: false, y: false } },
    scales: {
      x: { time: false, range: wholeRange },
      y: range ? { range } : {},
    },
    axes: [
      { ...axis, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 10_000] },
      { ...axis, size: 64, values: (_plot, ticks) => ticks.map((tick) => format(tick).replace(/\.0+(?= %)/, '')) },
    ],
  }
}
