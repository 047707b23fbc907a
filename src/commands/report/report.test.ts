import { beforeEach, describe, expect, test } from 'vitest'
import type { Workspace } from '../../core/workspace.ts'
import { keepDepth } from '../../graph/depth-kept.ts'
import { first, makeRun, run } from './fixture.ts'
import { type Report, type ReportFormat, writeReport } from './index.ts'

let workspace: Workspace
beforeEach(async () => {
  workspace = (await makeRun()).workspace
})

const report = async (format: ReportFormat) => (await writeReport({ workspace, run, format })).text
const json = async () => JSON.parse(await report('json')) as Report

describe('the numbers of a run', () => {
  test('the headline goes from the untouched student to the best one, with intervals', async () => {
    expect(await report('md')).toContain(
      '**full-call: 5.0 % [2.3, 10.5] → 70.0 % [61.3, 77.5]**, +65.0 points [+55.0, +75.0] on gate.',
    )
  })

  test('every target has its goal, every round with its interval, and the status of the best', async () => {
    const text = await report('md')
    expect(text).toContain('| full-call | ≥ 65 % | 120 | 5.0 % [2.3, 10.5] | 70.0 % [61.3, 77.5] | PASS |')
    expect(text).toContain('| tool (protected) | ≥ 80 % | 120 | 10.0 % [5.8, 16.7] | 75.0 % [66.5, 81.9] | WARN |')
    expect(text).toContain('| asks-back | ≥ 90 % | 0 | no data | no data | no data |')
    expect(text).toContain('1 of 3 targets are met.')
  })

  test('a verdict shows reason, alpha, discordant pairs, smallest detectable gain and protected tags', async () => {
    const text = await report('md')
    expect(text).toContain('### Round 1: promoted\n\nfull-call rose by 65.0 points.')
    expect(text).toContain('80 gained, 2 lost, of 120 items in 40 families')
    expect(text).toContain('alpha spent on this look 0.025')
    expect(text).toContain('smallest detectable gain: 21.1 points')
    expect(text).toContain(
      '| tool | 120 | at most 8.0 points lower | 10.0 % → 75.0 % | +65.0 points [+50.0, +80.0] | held |',
    )
  })

  test('a hypothesis stands beside what came', async () => {
    const [belief] = (await json()).rounds[1]!.beliefs
    expect(belief).toMatchObject({ predicted: 0.2, moved: 0.5, hit: true, evidence: ['dev-a', 'dev-b'], rows: 80 })
    expect(await report('md')).toContain(
      '| 80 | kind=call | full-call · kind=call | +20.0 | 70 % | +50.0 | hit | dev-a, dev-b | calls fail |',
    )
  })

  test('aimed tags are held against all others on gate, tags of a few items left out', async () => {
    const [row] = (await json()).aimed.rounds
    expect(row!.named).toMatchObject({ tags: 1, low: null })
    expect(row!.named.difference).toBeCloseTo(0.75, 10)
    // ask +.30 and decline +.20: mean .25, sd .0707, t(1) 12.706 · .05
    expect(row!.others).toMatchObject({ tags: 2 })
    expect(row!.others.difference).toBeCloseTo(0.25, 10)
    expect(row!.others.high).toBeCloseTo(0.25 + 12.7062 * 0.05, 4)
    expect(row!.gap.difference).toBeCloseTo(0.5, 10)
  })

  test('failures are counted by dimension on dev, before and after', async () => {
    const { failures } = await json()
    expect(failures!.dimensions).toMatchObject([
      { name: 'kind', values: [{ value: 'call', before: { passes: 3, n: 3 }, after: { passes: 1, n: 3 } }] },
    ])
    expect(failures!.kinds).toEqual([{ name: 'wrong-argument', before: 3, after: 1 }])
  })

  test('replies stand side by side: mended ones and still failing ones, with reasons', async () => {
    const { replies } = await json()
    expect(replies.rounds).toEqual([0, 1])
    expect(replies.examples.map(({ item, story }) => [item, story])).toEqual([
      ['dev-a', 'mended'],
      ['dev-c', 'mended'],
      ['dev-b', 'still failing'],
    ])
    expect(replies.examples[2]!.replies[1]).toMatchObject({
      text: 'read_file {"path":"x"}',
      passed: false,
      reasons: [{ reason: 'path is "x"' }],
    })
  })

  test('what whet eval measured besides is told: the catalogue as a curve, pass^k, other wordings, other items', async () => {
    const files = workspace.run(run)
    const curve = [5, 20, 60].map((at) => ({
      ...{ label: `${at} tools`, at, rows: 120 },
      ...(at < 60 ? { rates: first.rates.gate } : { rates: [], problem: 'too long for its context' }),
    }))
    const rate = { passes: 60, n: 80, rate: 0.75, interval: { low: 0.65, high: 0.83 } }
    const about = { target: run, split: 'gate', primary: 'full-call', rows: 120, rates: first.rates.gate, tags: [] }
    const summary = { ...about, failures: {}, unscored: 0 }
    const keep = (more: object, named?: string) => keepDepth(files.round(1).depth, { ...summary, ...more }, named)
    await keep({ curve: curve.map((one) => ({ ...one, rates: [] })) })
    await keep({ curve })
    const steady = { criterion: 'full-call', samples: 3, temperature: 0.7, items: 80 }
    await keep({ steadiness: { ...steady, passHat: [{ k: 1, rate: 0.7 }, { k: 2, rate: 0.6 }] } }) // biome-ignore format: one line
    const worded = { criterion: 'full-call', items: 80, alone: 4, wordings: 240, plain: rate, every: rate }
    await keep({ robustness: worded })
    await keep({}, 'wordings of <b>mine</b>.yaml')
    await keep({})
    const { depth } = await json()
    expect(depth).toHaveLength(2 + 1 + 1 + 1) // the curve of two criteria, measured anew, and three more
    const text = await report('md')
    expect(text).toContain(
      '| round 1 | gate | full-call by catalogue | 5 tools 70.0 % [61.3, 77.5] · 20 tools 70.0 % [61.3, 77.5] · 60 tools: too long for its context |',
    )
    expect(text).toContain('pass^1 70.0 % · pass^2 60.0 % |')
    expect(text).toContain('in their own 75.0 % [65.0, 83.0] · in every one 75.0 % [65.0, 83.0] |')
    const page = await report('html')
    expect(page).toMatch(/<figure class="chart"><figcaption>full-call by catalogue/)
    expect(page).not.toContain('<b>mine')
  })

  test('data, training and time are told, rejected rows by reason', async () => {
    const text = await report('md')
    expect(text).toContain('| 1 | 231 | 22 | 5 | 3 | 201 | 60 | 261 |')
    expect(text).toContain('- round 1, 2 rows rejected: path … is wrong')
    expect(text).toContain('| 1 | sft | 120 | 60,000 | 200 | 5 min | – | 0.210 |')
    expect(text).toContain('| base | 14 s | – | – | – | 1 min 41 s | 1 min 55 s |')
    expect(text).toContain(`- sha256 of the base model: ${'b'.repeat(64)}`)
  })
})
