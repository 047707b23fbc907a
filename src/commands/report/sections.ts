import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { AnySkill, ReportPart, ReportSection, Scored } from '../../core/contract.ts'
import { messageOf } from '../../core/errors.ts'
import type { EvaluationRow } from '../../core/evaluation.ts'
import { readJson } from '../../core/jsonl.ts'
import type { RoundSummary } from '../../core/round.ts'
import type { RunFiles } from '../../core/workspace.ts'
import type { Frozen } from '../../graph/nodes/define.ts'
import { loadPlugin } from '../../plugins/index.ts'
import { clean, roundText } from './text.ts'

/** Longer tables, texts and clouds than these are cut: a skill of someone else's must not make a report of megabytes. */
const most = { sections: 8, parts: 12, rows: 60, groups: 12, points: 2000, columns: 4, lines: 80, characters: 1200 }

/**
 * The skill's own sections, from the dev replies of the base and the best student (the newest where none was promoted). A skill
 * that has none, cannot be loaded or fails leaves the report without them; why is a note.
 */
export const skillSections = async (
  files: RunFiles,
  rounds: readonly RoundSummary[],
  dev: ReadonlyMap<number, readonly EvaluationRow[]>,
  notes: string[],
  load: (skill: string, baseDir: string) => Promise<AnySkill> = loadPlugin,
): Promise<ReportSection[]> => {
  const frozen = await readJson<Frozen>(files.frozen)
  const last = rounds.at(-1)
  if (!frozen || !last) return []
  try {
    const origin = await readFile(files.origin, 'utf8').catch(() => files.config)
    const plugin = await load(frozen.skill, path.dirname(origin))
    if (!plugin.report) return []
    const shown = [...new Set([0, last.best > 0 ? last.best : last.round])]
    const students = shown.flatMap((round) => {
      const rows: Scored<EvaluationRow['item']>[] = (dev.get(round) ?? []).filter((row) => !row.error)
      return rows.length > 0 ? [{ name: roundText(round), rows }] : []
    })
    return plugin.report(students, plugin.definition.parse(frozen.definition)).slice(0, most.sections).map(cleaned)
  } catch (error) {
    notes.push(`The sections of ${frozen.skill} are missing: ${clean(messageOf(error), 200)}`)
    return []
  }
}

const text = (value: unknown, longest = most.characters) => clean(String(value ?? ''), longest)

/** What a student wrote may be in every part of it. */
const cleaned = ({ title, lead, parts }: ReportSection): ReportSection => ({
  title: text(title, 100),
  lead: text(lead),
  parts: parts.slice(0, most.parts).map(cleanedPart),
})

const cleanedPart = (part: ReportPart): ReportPart => {
  if (part.kind === 'table')
    return {
      kind: 'table',
      head: part.head.map((cell) => text(cell, 120)),
      rows: part.rows
        .slice(0, most.rows)
        .map((row) => row.map((cell) => (typeof cell === 'number' ? cell : text(cell, 300)))),
    }
  if (part.kind === 'scatter')
    return {
      kind: 'scatter',
      title: text(part.title, 120),
      groups: part.groups.slice(0, most.groups).map(({ name, points, strong = false }) => ({
        name: text(name, 40),
        strong,
        points: points.slice(0, most.points).filter((point) => point.every(Number.isFinite)),
      })),
    }
  return {
    kind: 'texts',
    request: text(part.request),
    columns: part.columns.slice(0, most.columns).map(({ head, lines }) => ({
      head: text(head, 60),
      lines: lines
        .slice(0, most.lines)
        .map(({ text: line, mark }) => ({ text: text(line, 400), ...(mark && { mark: text(mark, 30) }) })),
    })),
  }
}
