import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import type { ReportScatter } from '../../core/contract.ts'
import { namedImage } from './charts.ts'

/** Okabe-Ito colours and shapes: groups are told apart by either alone. */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#999999']
const symbols = ['circle', 'triangle', 'square', 'diamond', 'star', 'cross', 'wye']

/** The points as an SVG that stands alone, with each group's name at its middle. */
export const scatterChart = ({ title, groups }: Omit<ReportScatter, 'kind'>): string => {
  const styled = groups.map((group, at) => ({
    ...group,
    colour: colours[at % colours.length]!,
    symbol: symbols[at % symbols.length]!,
  }))
  const points = styled.flatMap(({ points: all, colour, symbol, strong }) =>
    all.map(([x, y]) => ({ x, y, colour, symbol, r: strong ? 5 : 3 })),
  )
  const names = styled.flatMap(({ name, points: all, colour }) =>
    all.length === 0 ? [] : [{ name, colour, x: middle(all.map(([x]) => x)), y: middle(all.map(([, y]) => y)) }],
  )
  const svg = Plot.plot({
    document: parseHTML('<html></html>').document,
    width: 640,
    height: 420,
    margin: 24,
    style: { fontSize: '13px', overflow: 'visible', fontFamily: 'system-ui, sans-serif' },
    x: { axis: null, inset: 12 },
    y: { axis: null, inset: 12 },
    color: { type: 'identity' },
    symbol: { type: 'identity' },
    marks: [
      Plot.frame({ stroke: '#8888', rx: 8 }),
      Plot.dot(points, { x: 'x', y: 'y', fill: 'colour', symbol: 'symbol', r: 'r', fillOpacity: 0.65 }),
      Plot.text(names, {
        x: 'x',
        y: 'y',
        text: 'name',
        fill: 'colour',
        stroke: 'white',
        strokeWidth: 4,
        fontWeight: 600,
      }),
    ],
  })
  namedImage(svg, title)
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  return svg.outerHTML
}

const middle = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
