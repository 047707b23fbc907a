import type { Message, Transcript } from '../../core/contract.ts'
import type { EvaluationRow } from '../../core/evaluation.ts'
import type { Collected } from './collect.ts'
import { hasFailed } from './dimensions.ts'
import type { Example, ExampleReply, Replies } from './model.ts'
import { clean } from './text.ts'

/** How many of each story are shown: what training mended, what it did not, and what it broke. */
const wanted = { mended: 4, 'still failing': 3, broken: 1 } as const
const mostExamples = 8
type Story = keyof typeof wanted

interface Candidate {
  readonly story: Story
  readonly rows: readonly { readonly round: number; readonly row: EvaluationRow }[]
}

/** Real replies to the same dev items: base, round 1 and the best (the newest where nothing was promoted). */
export const sideBySide = ({ rounds, dev, gold }: Collected): Replies => {
  const last = rounds.at(-1)
  const best = last?.best ?? 0
  const final = best > 0 ? best : (last?.round ?? 0)
  const columns = [...new Set([0, 1, final])].filter((round) => (dev.get(round)?.length ?? 0) > 0)
  if (columns.length === 0) return { rounds: [], best, examples: [] }
  const candidates = (dev.get(0) ?? []).flatMap((row) => candidateOf(row, columns, dev))
  return { rounds: columns, best, examples: choose(candidates).map((each) => exampleOf(each, gold)) }
}

const candidateOf = (base: EvaluationRow, columns: readonly number[], dev: Collected['dev']): Candidate[] => {
  const rows = columns.flatMap((round) => {
    const row = dev.get(round)?.find(({ item }) => item.id === base.item.id)
    return row && !row.error ? [{ round, row }] : []
  })
  const [first, last] = [rows[0]?.row, rows.at(-1)?.row]
  if (rows.length < columns.length || !first || !last) return []
  const [failedFirst, failsNow] = [hasFailed(first), hasFailed(last)]
  if (failsNow) return [{ story: failedFirst ? 'still failing' : 'broken', rows }]
  return failedFirst ? [{ story: 'mended', rows }] : []
}

/** Every story gets its share; within a story, items whose tags were not shown yet come first. */
const choose = (candidates: readonly Candidate[]): Candidate[] => {
  const stories = Object.keys(wanted) as Story[]
  const ordered = new Map(stories.map((story) => [story, byNovelty(candidates.filter((each) => each.story === story))]))
  const taken = stories.flatMap((story) => ordered.get(story)?.slice(0, wanted[story]) ?? [])
  const spare = stories.flatMap((story) => ordered.get(story)?.slice(wanted[story]) ?? [])
  const chosen = [...taken, ...spare].slice(0, mostExamples)
  return stories.flatMap((story) => chosen.filter((each) => each.story === story))
}

const byNovelty = (candidates: readonly Candidate[]): Candidate[] => {
  const rest = [...candidates].sort((a, b) => idOf(a).localeCompare(idOf(b), 'en'))
  const seen = new Set<string>()
  const ordered: Candidate[] = []
  while (rest.length > 0 && ordered.length < mostExamples) {
    const news = rest.map((each) => tagsOf(each).filter((tag) => !seen.has(tag)).length)
    const [next] = rest.splice(news.indexOf(Math.max(...news)), 1)
    if (!next) break
    for (const tag of tagsOf(next)) seen.add(tag)
    ordered.push(next)
  }
  return ordered
}

const idOf = ({ rows }: Candidate) => rows[0]?.row.item.id ?? ''
/** Failure tags too: two items that fail alike teach the reader once. */
const tagsOf = ({ rows }: Candidate): string[] => [
  ...Object.entries(rows[0]?.row.item.tags ?? {}).flatMap(([name, values]) =>
    values.map((value) => `${name}=${value}`),
  ),
  ...rows.flatMap(({ row }, at) => row.grade.failures.map((tag) => `${at}:${tag}`)),
]

const exampleOf = ({ story, rows }: Candidate, gold: ReadonlyMap<string, string>): Example => {
  const { item, transcript } = rows[0]!.row
  const asked = gold.get(item.id)
  return {
    item: item.id,
    story,
    tags: item.tags,
    request: clean(transcript.find(({ role }) => role === 'user')?.content ?? '', 800),
    gold: asked === undefined ? null : clean(asked, 800),
    replies: rows.map(({ round, row }) => replyOf(round, row)),
  }
}

const replyOf = (round: number, row: EvaluationRow): ExampleReply => ({
  round,
  text: clean(conversation(row.transcript), 1200) || '(nothing)',
  passed: Object.values(row.grade.criteria).every(({ status }) => status === 'ungraded') ? null : !hasFailed(row),
  reasons: Object.entries(row.grade.criteria).flatMap(([criterion, verdict]) =>
    verdict.status === 'fail' || verdict.status === 'warn'
      ? [{ criterion, status: verdict.status, reason: clean(verdict.reason, 300) }]
      : [],
  ),
})

/** What the student wrote, after the request: calls as `tool {arguments}`, and what it was told in between. */
const conversation = (transcript: Transcript): string => {
  const first = transcript.findIndex(({ role }) => role === 'assistant')
  return first < 0 ? '' : transcript.slice(first).map(turn).join('\n')
}

const turn = (message: Message): string => {
  if (message.role === 'tool') return `→ ${message.isError ? 'error: ' : ''}${clean(message.content, 160)}`
  if (message.role !== 'assistant') return `user: ${message.content}`
  const calls = (message.toolCalls ?? []).map(({ name, arguments: given }) =>
    typeof given === 'string' ? `${name} ${given}` : `${name} ${JSON.stringify(given)}`,
  )
  return [message.content, ...calls].filter((part) => part.trim() !== '').join('\n')
}
