import type { ReportLine, ReportPart } from '../../core/contract.ts'
import { bounds, count, percent, plural, points, tagsText } from '../format.ts'
import { fenced, section, table, text } from '../markdown.ts'
import { pointText } from './depth.ts'
import type { Example, Report, RoundRow } from './model.ts'
import * as say from './tables.ts'
import { changeText, rateText, roundText, targetText, wholePercent } from './text.ts'

/** The report as GitHub-flavoured Markdown. Whatever a student or a file said is escaped or fenced. */
export const toMarkdown = (report: Report): string =>
  [
    ...head(report),
    ...targets(report),
    ...verdicts(report),
    ...beliefs(report),
    ...aimed(report),
    ...failures(report),
    ...replies(report),
    ...depth(report),
    ...skillSections(report),
    ...data(report),
    ...training(report),
    ...time(report),
    ...method(report),
  ]
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trimEnd()
    .concat('\n')

const head = ({ skill, student, run, startedAt, state, headline, notes }: Report): string[] => {
  const lines = [`# ${text(skill)} on ${text(student)}`, '']
  if (headline)
    lines.push(
      `**${text(headline.of)}: ${rateText(headline.base)} → ${rateText(headline.now)}**, ${changeText(headline.gained)}${headline.gained.paired ? '' : ' (unpaired interval)'} on gate. ` +
        `${say.targetsSentence(headline)} ${say.bestSentence(headline)}`,
      '',
    )
  lines.push(text(state.sentence), '', `Run \`${run}\`${startedAt ? `, begun ${startedAt}` : ''}.`)
  return [...lines, ...(notes.length > 0 ? ['', ...notes.map((note) => `> ${text(note)}`)] : [])]
}

const targets = ({ targets: rows, headline }: Report): string[] => {
  const rounds = rows[0]?.rounds.map(({ round }) => round) ?? []
  const body = table(
    ['target', 'goal', 'items', ...rounds.map((round) => say.roundHead(round, headline?.best ?? 0)), 'status'],
    rows.map((row) => [
      `${targetText(row.of, row.where)}${row.protected ? ' (protected)' : ''}`,
      say.goalText(row),
      say.countedItems(row, headline?.best ?? 0),
      ...row.rounds.map(({ gate }) => rateText(gate, row.measure)),
      say.bestStatus(row),
    ]),
  )
  return section('Targets', body.length > 0 ? ['Rates on gate with 95 % intervals.', ...body] : [])
}

const verdicts = ({ rounds }: Report): string[] =>
  section(
    'Verdicts',
    rounds.flatMap(({ round, verdict }) => {
      if (!verdict) return []
      return [
        `### Round ${round}: ${say.verdictWord[verdict.verdict]}`,
        '',
        text(say.sentence(verdict.reason)),
        '',
        ...say.verdictFacts(verdict).map(([label, value]) => `- ${text(label)}: ${text(value)}`),
        ...table(
          ['protected', 'items', 'rule', 'rates', 'change', 'verdict'],
          verdict.protected.map((tag) => [
            say.protectedName(tag),
            tag.n,
            say.protectedRule(tag),
            say.protectedRates(tag),
            changeText(tag),
            say.protectedStatus[tag.status],
          ]),
        ),
        '',
      ]
    }),
  )

const beliefs = ({ rounds }: Report): string[] =>
  section('What the analyst believed, and what came', rounds.filter(({ round }) => round > 0).flatMap(beliefsOf))

const beliefsOf = ({ round, author, lesson, parts, beliefs: held }: RoundRow): string[] => [
  `### Round ${round}: ${text(say.authorText(author))}`,
  '',
  ...(lesson ? [text(lesson), ''] : []),
  ...(parts.length > 0 ? [text(say.partsText(parts)), ''] : []),
  ...(held.length === 0
    ? ['No hypotheses.', '']
    : table(
        ['rows', 'given to', 'for', 'predicted', 'sure', 'came', 'result', 'evidence (dev)', 'why'],
        held.map((belief) => [
          belief.rows,
          tagsText(belief.where),
          say.beliefText(belief),
          points(belief.predicted),
          wholePercent(belief.probability),
          `${points(belief.moved)} ${bounds(belief.low, belief.high)}`,
          say.hitText(belief),
          say.evidenceText(belief),
          belief.note,
        ]),
      )),
]

const aimed = ({ aimed: { rounds, all, fewestItems } }: Report): string[] => {
  const rows = [...rounds, ...(all ? [all] : [])]
  if (rows.length === 0) return []
  return section('Aimed tags against the others', [
    `Mean change on gate of the tags that the analyst named, beside those that it did not; tags with at least ${fewestItems} gate items.`,
    ...table(
      ['round', 'criteria', 'named', 'change', 'not named', 'change', 'difference'],
      rows.map((row) => [
        say.aimedName(row),
        row.criteria.join(', '),
        plural(row.named.tags, 'tag'),
        changeText(row.named),
        plural(row.others.tags, 'tag'),
        changeText(row.others),
        changeText(row.gap),
      ]),
    ),
    text(say.aimedCaution),
  ])
}

const failures = ({ failures: found }: Report): string[] => {
  if (!found) return []
  const after = roundText(found.after)
  return section('Failures before and after (dev)', [
    ...found.dimensions.flatMap(({ name, values, more }) => [
      ...table(
        [name, 'base', after],
        values.map(({ value, before, after: now }) => [value, failing(before), failing(now)]),
      ),
      ...(more > 0 ? [`and ${more} more`] : []),
    ]),
    ...table(
      ['kind of failure', 'base', after],
      found.kinds.map(({ name, before, after: now }) => [name, before, now]),
    ),
  ])
}

const failing = ({ passes, n, rate }: { passes: number | null; n: number; rate: number | null }) =>
  rate === null ? 'no data' : `${count(passes ?? 0)} of ${count(n)} (${percent(rate)})`

const replies = ({ replies: { examples, best } }: Report): string[] =>
  section(
    'Replies side by side (dev)',
    examples.flatMap((example, at) => exampleOf(example, at + 1, best)),
  )

const exampleOf = (
  { item, story, tags, request, gold, replies: all }: Example,
  number: number,
  best: number,
): string[] => [
  `### ${number}. ${story}: ${text(tagsText(tags))}`,
  '',
  `Item ${text(item)}. The request:`,
  fenced(request),
  ...(gold === null ? [] : ['The right answer:', fenced(gold)]),
  ...all.flatMap(({ round, text: reply, passed, reasons }) => [
    `**${say.roundHead(round, best)}**: ${passed === null ? 'not graded' : passed ? 'passed' : 'failed'}`,
    '',
    fenced(reply),
    ...reasons.map(({ criterion, status, reason }) => `- ${text(criterion)} ${status}: ${text(reason)}`),
    '',
  ]),
]

const depth = ({ depth: rows }: Report): string[] =>
  section(
    'In depth',
    table(
      ['student', 'split', 'measured', 'rates with 95 % intervals'],
      rows.map(({ round, split, what, points: all }) => [
        roundText(round),
        split,
        what,
        all.map(pointText).join(' · '),
      ]),
    ),
  )

const skillSections = ({ sections }: Report): string[] =>
  sections.flatMap(({ title, lead, parts }) => section(title, [text(lead), '', ...parts.flatMap(partOf)]))

const partOf = (part: ReportPart): string[] => {
  if (part.kind === 'table') return table(part.head, part.rows)
  if (part.kind === 'scatter') return [`The map "${text(part.title)}" is drawn in report.html.`, '']
  const line = ({ text: said, mark }: ReportLine) => (mark ? `[${mark}] ${said}` : said)
  return [
    fenced(part.request),
    ...part.columns.flatMap(({ head, lines }) => [`**${text(head)}**`, '', fenced(lines.map(line).join('\n')), '']),
  ]
}

const data = ({ data: rows }: Report): string[] =>
  section('Data', [
    ...table(
      ['round', ...say.rowCountHeads],
      rows.map((row) => [row.round, ...say.rowCounts(row)]),
    ),
    ...rows.flatMap(({ round, reasons }) =>
      reasons.map(({ reason, rows: times }) => `- round ${round}, ${plural(times, 'row')} rejected: ${text(reason)}`),
    ),
    ...rows.flatMap((row) => say.editedText(row).map((edited) => `- round ${row.round}, ${edited}`)),
    ...rows.flatMap(({ round, taught }) => taught.map((each) => `- round ${round}, ${text(say.taughtText(each))}`)),
  ])

const training = ({ training: rows }: Report): string[] =>
  section(
    'Training',
    table(
      ['round', 'method', 'steps', 'tokens', 'tokens/s', 'time', 'first loss', 'last loss'],
      rows.map((row) => [
        row.round,
        row.kind,
        count(row.steps),
        count(row.tokens),
        row.tokensPerSecond === null ? '–' : count(row.tokensPerSecond),
        say.secondsText(row.seconds),
        row.firstLoss?.toFixed(3) ?? '–',
        row.finalLoss?.toFixed(3) ?? '–',
      ]),
    ),
  )

const time = (report: Report): string[] => {
  const stages = say.stagesOf(report)
  return section(
    'Time by stage',
    table(
      ['round', ...stages, 'total'],
      report.time.map(({ round, stages: spent, total }) => [
        roundText(round),
        ...stages.map((stage) => say.secondsText(spent[stage])),
        say.secondsText(total),
      ]),
    ),
  )
}

const method = ({ method: { splits, settings, versions, hashes } }: Report): string[] =>
  section('How it was measured', [
    ...table(
      ['split', 'items', 'families'],
      splits.map(({ name, items, families }) => [name, items ?? '–', families ?? '–']),
    ),
    ...settings.map(({ name, value }) => `- ${text(name)}: ${text(value)}`),
    ...Object.entries(versions).map(([name, version]) => `- ${text(name)} ${text(version)}`),
    ...Object.entries(hashes).map(([name, hash]) => `- sha256 of the ${text(name)}: ${text(hash)}`),
    '',
    '### What the numbers mean',
    '',
    ...say.footnotes.map((note) => `- ${text(note)}`),
  ])
