import { appendFile, readFile } from 'node:fs/promises'
import path from 'node:path'
import { parseHTML } from 'linkedom'
import { beforeEach, describe, expect, test } from 'vitest'
import { writeJson } from '../../core/jsonl.ts'
import { RunStore } from '../../core/store.ts'
import type { RunFiles, Workspace } from '../../core/workspace.ts'
import { base, baseRows, first, firstRows, grade, makeRun, row, run, writeRound } from './fixture.ts'
import { type Report, type ReportFormat, writeReport } from './index.ts'

const formats = ['md', 'html', 'json'] as const
const evil =
  '<script>alert(1)</script><img src=x onerror=alert(2)>[click](javascript:alert(3)) </pre></main>\u001b[31mred\u0007\u202eleft\u200b ```\n# heading'
// biome-ignore lint/suspicious/noControlCharactersInRegex: none of these may reach a reader
const unseen = /[\u0000-\u0008\u000b-\u001f\u007f\u200b\u202e]/

let workspace: Workspace
let files: RunFiles
beforeEach(async () => {
  ;({ workspace, files } = await makeRun())
})

const report = async (format: ReportFormat) => (await writeReport({ workspace, run, format })).text
const json = async () => JSON.parse(await report('json')) as Report

describe('what a report never does', () => {
  test.each(formats)('%s shows of gate and sealed no item, no reply and no reason', async (format) => {
    expect(await report(format)).not.toContain('SECRET')
  })

  test('a reply cannot become markup, a link or an invisible character', async () => {
    await writeRound(files, first, [row('dev-a', 'a|b<i>', evil, grade(false, `| ${evil}`)), ...firstRows.slice(1)])
    await writeRound(files, base, [row('dev-a', 'a|b<i>', evil, grade(false, evil)), ...baseRows.slice(1)])
    const page = parseHTML(await report('html')).document
    expect(page.querySelectorAll('script, img, i, a:not([href^="#"]), [onerror], iframe, link')).toHaveLength(0)
    expect([...page.querySelectorAll('.reply pre')].map((pre) => pre.textContent)).toContainEqual(
      expect.stringContaining('<script>alert(1)</script>'),
    )
    for (const format of formats) expect(await report(format)).not.toMatch(unseen)
    const outside = (await report('md')).replace(/^(`{3,})text\n[\s\S]*?\n\1$/gm, '')
    expect(outside).not.toMatch(/<script|<img|(?<!\\)\]\(javascript|^# heading/m)
    expect(outside).toContain('kind=a\\|b&lt;i&gt;')
  })

  test('the page asks nothing of the network', async () => {
    const page = await report('html')
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`)
    expect(page.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:\/\/|src=|@import|url\(/)
  })
})

describe('runs that are not like others', () => {
  test('an unknown run is an error with the nearest name', async () => {
    await expect(writeReport({ workspace, run: run.replace('ab12', 'ab13'), format: 'md' })).rejects.toMatchObject({
      code: 'unknown-run',
      message: expect.stringContaining(run),
    })
  })

  test('an unfinished run shows what is there and says so', async () => {
    await writeJson(files.round(2).spec, {})
    expect(await report('md')).toContain(
      'The run has not finished. Measured so far: base to round 1. Round 2 has begun and has no result yet.',
    )
    await expect(report('html')).resolves.toContain('Round 2 has begun')
  })

  test.each(formats)('a run without any result has a report in %s', async (format) => {
    const empty = workspace.run('tool-calling-20261123-0000-0000')
    await writeJson(path.join(empty.dir, 'round-00', 'other.json'), {})
    const { text } = await writeReport({ workspace, run: empty.name, format })
    expect(text).toContain('Nothing is measured yet. The baseline has begun and has no result yet.')
  })

  test('a finished run says why it ended', async () => {
    const store = RunStore.open(files.database)
    store.append({ run, type: 'run.finished', data: { reason: 'targets', best: 1, targets: [] } })
    store.close()
    expect((await json()).state).toEqual({
      finished: true,
      what: 'finished',
      sentence: 'The run is finished: all targets are met.',
    })
  })

  test('what a teacher wrote is told with its yield, the reasons and its spread', async () => {
    const store = RunStore.open(files.database)
    const data = {
      prompt: 'wordings of <b>read</b>',
      wrote: 5,
      kept: 2,
      fell: { 'with wrong slots': 3 },
      spread: 0.875,
    }
    store.append({ run, round: 1, stage: 'generate', type: 'teacher.yield', data })
    store.close()
    const line = 'kept; 3 with wrong slots (different three-word sequences: 87.5 %)'
    expect((await json()).data[0]!.taught).toEqual([data])
    for (const format of ['md', 'html'] as const) {
      expect(await report(format)).toContain(line)
      expect(await report(format)).not.toContain('<b>read</b>')
    }
  })

  test('without a promotion the base is still the best, beside the newest student', async () => {
    await writeRound(files, { ...first, best: 0, verdict: { ...first.verdict!, verdict: 'hold' } }, firstRows)
    expect(await report('md')).toContain('No round was promoted: the untouched student is still the best.')
    expect((await json()).replies.rounds).toEqual([0, 1])
  })

  test('a torn last line is left out and told', async () => {
    await appendFile(files.round(1).evaluation('dev'), '{"item":')
    expect((await json()).notes).toContain('A torn last line of round-01/eval/dev.jsonl was left out.')
  })

  test('Markdown and HTML are kept in the run folder, JSON is not', async () => {
    for (const format of ['md', 'html'] as const) {
      const { text, file } = await writeReport({ workspace, run, format })
      expect(file).toBe(path.join(files.dir, `report.${format}`))
      expect(await readFile(file!, 'utf8')).toBe(text)
    }
    expect(await writeReport({ workspace, run, format: 'json' })).not.toHaveProperty('file')
  })
})
