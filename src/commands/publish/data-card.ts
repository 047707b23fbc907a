import { stringify } from 'yaml'
import { redact } from '../../core/secrets.ts'
import type { Facts } from '../../graph/publish/facts.ts'
import { count, tagsText } from '../format.ts'
import { fenced, section, table, text } from '../markdown.ts'
import type { Report } from '../report/model.ts'
import { editedText, rowCountHeads, rowCounts } from '../report/tables.ts'

/** What a language model did for the rows, over the whole run. */
export interface ModelUse {
  readonly role: string
  readonly model: string
  readonly calls: number
  readonly tokens: number
}

export interface DataSources {
  readonly options: unknown // the skill's section of the config: tools, documents, packs
  readonly models: readonly ModelUse[]
  readonly dimensions: Readonly<Record<string, readonly string[]>>
}

/** DATA_CARD.md: what rows the model was trained on, and where they came from. No row is in it. */
export const dataCard = (facts: Facts, report: Report, { options, models, dimensions }: DataSources): string =>
  [
    '---',
    `pretty_name: ${JSON.stringify(`Training rows of ${facts.name}`)}`,
    'tags: [whetstone, synthetic]',
    '---',
    `# The rows behind ${text(facts.name)}`,
    '',
    `Run \`${facts.run}\`, rounds 1 to ${facts.round}. The rows themselves are not published: they can be made again from the config and the seed.`,
    ...section('Where they come from', [
      `Requests and right answers are made by the generator of \`${facts.skill}\` from these settings, so that what is right is known by construction. Every right answer was played against its own environment and passed its own grader before it was trained on.`,
      '',
      fenced(redact(stringify(options ?? {})).trimEnd(), 'yaml'),
      ...(models.length > 0
        ? [
            '',
            'Language models took part:',
            ...table(
              ['role', 'model', 'calls', 'tokens'],
              models.map(({ role, model, calls, tokens }) => [role, model, count(calls), count(tokens)]),
            ),
          ]
        : ['', 'No language model wrote, judged or chose any of them.']),
    ]),
    ...section('How many', [
      ...table(
        ['round', ...rowCountHeads],
        upTo(report.data, facts.round).map((row) => [row.round, ...rowCounts(row)]),
      ),
      ...upTo(report.data, facts.round).flatMap(({ round, reasons }) =>
        reasons.slice(0, 4).map(({ reason, rows }) => `- round ${round}, ${count(rows)} rejected: ${text(reason)}`),
      ),
      ...upTo(report.data, facts.round).flatMap((row) =>
        editedText(row).map((edited) => `- round ${row.round}, ${edited}`),
      ),
    ]),
    ...section(
      'What each round was to teach',
      upTo(report.rounds, facts.round).flatMap(({ round, author, lesson, parts }) =>
        round === 0
          ? []
          : [
              `### Round ${round}, rows chosen by: ${text(author ?? 'unknown')}`,
              '',
              ...(lesson ? [text(lesson), ''] : []),
              ...table(
                ['rows', 'of'],
                [...parts]
                  .sort((a, b) => b.rows - a.rows)
                  .slice(0, 20)
                  .map(({ rows, where }) => [count(rows), tagsText(where)]),
              ),
            ],
      ),
    ),
    ...section(
      'What varies',
      table(
        ['dimension', 'values'],
        Object.entries(dimensions).map(([name, values]) => [
          name,
          values.slice(0, 40).join(', ') + (values.length > 40 ? ', …' : ''),
        ]),
      ),
    ),
    ...section('What it was measured on', [
      'By the contract of skills, the splits share no template and no value with the training rows; near-duplicates across them are dropped.',
      ...table(
        ['split', 'items', 'families'],
        report.method.splits.map(({ name, items, families }) => [name, items ?? '', families ?? '']),
      ),
    ]),
    ...section('Care', [
      '- Synthetic rows follow their templates: requests in other words, other languages or other domains are not covered.',
      "- Nothing here looks for personal data. Where the settings above name documents or an author's own writing, what stands in them may be in the weights.",
    ]),
    '',
  ]
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')

const upTo = <Row extends { readonly round: number }>(rows: readonly Row[], round: number): Row[] =>
  rows.filter((row) => row.round <= round)
