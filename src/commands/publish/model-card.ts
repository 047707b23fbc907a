import { stringify } from 'yaml'
import { redact } from '../../core/secrets.ts'
import type { FormAgreement } from '../../graph/publish/agreement.ts'
import type { Facts } from '../../graph/publish/facts.ts'
import { bounds, count, percent, points, size } from '../format.ts'
import { fenced, section, table, text } from '../markdown.ts'
import { cellOf } from '../report/cells.ts'
import type { Report } from '../report/model.ts'
import { goalText, verdictWord } from '../report/tables.ts'
import { rateText, roundText, statusText, targetText } from '../report/text.ts'

/** README.md of a published model, as hubs read it: front matter, then the evidence. What is missed stands above everything else. */
export const modelCard = (facts: Facts, report: Report): string =>
  [
    frontMatter(facts, report),
    `# ${text(facts.name)}`,
    '',
    ...caveats(facts),
    `${text(facts.base.name)}, sharpened on \`${facts.skill}\` by Whetstone, on [these rows](DATA_CARD.md): round ${facts.round} of run \`${facts.run}\`, published ${facts.at.slice(0, 10)}.`,
    ...section('Use it', usage(facts)),
    ...section('Results', results(facts, report)),
    ...section('Failures that remain', failures(facts, report)),
    ...section('Every round', rounds(report)),
    ...section('Are the files the student that was measured?', agreement(facts)),
    ...section('Training', training(report)),
    ...section('Reproduce it', reproduce(facts, report)),
    ...section('Limits', limits(facts)),
    '',
  ]
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')

const frontMatter = (facts: Facts, report: Report): string => {
  const { licence, base, sealed } = facts
  const known = licence.id !== 'unknown'
  const matter = {
    ...(known && { license: licence.id }),
    ...(base.hub && { base_model: base.hub, base_model_relation: 'finetune' }),
    library_name: 'transformers',
    pipeline_tag: 'text-generation',
    tags: ['whetstone', facts.skill, 'gguf', ...(facts.lora ? ['lora'] : [])],
    'model-index': [
      {
        name: facts.name,
        results: [
          ...(sealed
            ? [
                indexed(
                  'sealed',
                  sealed.rates.map((rate) => ({ ...rate, value: rate.rate })),
                  facts,
                ),
              ]
            : []),
          indexed(
            'gate',
            report.targets.map((row) => ({
              ...row,
              value: row.rounds.find(({ round }) => round === facts.round)?.gate.rate,
            })),
            facts,
          ),
        ],
      },
    ],
  }
  return `---\n${stringify(matter)}---\n`
}

interface Measured {
  readonly of: string
  readonly where?: Parameters<typeof targetText>[1]
  readonly measure: string
  readonly value?: number | null | undefined
}

const indexed = (split: string, measured: readonly Measured[], { skill, run }: Facts) => ({
  task: { type: 'text-generation' },
  dataset: { name: `${skill}, ${split} split of ${run}`, type: skill, split },
  metrics: measured.flatMap(({ of, where, measure, value }) =>
    typeof value === 'number'
      ? [{ type: measure, name: targetText(of, where), value: Number(value.toPrecision(4)) }]
      : [],
  ),
})

/** What a reader must know before anything else. */
const caveats = ({ missed, targets, sealed, faults, licence, base }: Facts): string[] => {
  const lines = [
    ...(targets === 'not-measured'
      ? [
          '**Not measured on a sealed split**: the run kept none, so no number here is from items that nothing was chosen by.',
        ]
      : []),
    ...(missed.length > 0 && targets !== 'not-measured'
      ? [`**Targets are missed**, and it was published all the same (--anyway): ${missed.join('; ')}.`]
      : []),
    ...(sealed && sealed.opening > 1
      ? [
          `**The sealed split was opened ${sealed.opening} times**: before this student for ${sealed.before.map(({ run, round, at }) => `${run} round ${round} (${at.slice(0, 10)})`).join(', ')}. Choosing among students by it makes its numbers too good.`,
        ]
      : []),
    ...faults.map((fault) => `**The parity check failed**: ${fault}.`),
    ...(licence.publishing === 'free' ? [] : [`**Licence**: ${licence.says} (Read from ${licence.from}.)`]),
    ...(base.note ? [base.note] : []),
  ]
  return lines.flatMap((each) => [`> ${text(each).replaceAll('\\*\\*', '**')}`, ''])
}

const usage = ({ name, lora, base, end }: Facts): string[] => [
  `| file | what it is |`,
  `| --- | --- |`,
  `| \`model.safetensors\` | the merged weights, float32: \`AutoModelForCausalLM.from_pretrained\` on this folder |`,
  ...(lora ? [`| \`adapter/\` | the LoRA adapter alone, for ${text(base.name)} |`] : []),
  `| \`${name}-q8_0.gguf\` | for llama.cpp, 8 bit; \`${name}-f16.gguf\` is the same in half precision |`,
  `| \`Modelfile\` | for Ollama: \`ollama create ${name} -f Modelfile\` |`,
  '',
  fenced(`llama-server -m ${name}-q8_0.gguf --jinja`, 'sh'),
  '',
  `Tokenizer and GGUF carry the chat template; a reply ends with \`${end}\`. Tools go in as the request's \`tools\`, calls come back as \`<tool_call>{"name", "arguments"}</tool_call>\`. All numbers here are greedy (temperature 0).`,
]

const results = ({ sealed, round, served }: Facts, report: Report): string[] => {
  const rows = report.targets.map((row) => {
    const own = row.rounds.find((each) => each.round === round)
    const base = row.rounds.find((each) => each.round === 0)
    const measured = sealed?.rates.find(
      (rate) => targetText(rate.of, rate.where) === targetText(row.of, row.where) && rate.measure === row.measure,
    )
    return [
      targetText(row.of, row.where),
      goalText(row),
      base ? rateText(base.gate, row.measure) : '',
      own ? rateText(own.gate, row.measure) : '',
      ...(sealed
        ? [rateText(cellOf(measured), row.measure), statusText(measured?.status ?? 'no-data')]
        : [statusText(own?.status ?? 'no-data')]),
    ]
  })
  const opened = sealed
    ? `The sealed split (${count(sealed.items)} items${sealed.unscored > 0 ? `, ${count(sealed.unscored)} of them not scored` : ''}) decided nothing and was opened ${sealed.opening === 1 ? 'once' : `${sealed.opening} times`}, last on ${sealed.at.slice(0, 10)}: these are the numbers to quote. The gate decided which round was promoted.`
    : 'There is no sealed split; the gate decided which round was promoted.'
  return [
    `Rates with 95 % intervals by family of items, from \`${served}\` weights. ${opened}`,
    ...table(
      [
        'target',
        'goal',
        'untouched base, gate',
        'this model, gate',
        ...(sealed ? ['this model, sealed'] : []),
        'status',
      ],
      rows,
    ),
  ]
}

const failures = ({ sealed }: Facts, report: Report): string[] => {
  const tags = Object.entries(sealed?.failures ?? {}).sort(([, a], [, b]) => b - a)
  const weakest = (report.failures?.dimensions ?? [])
    .flatMap(({ name, values }) => values.map((row) => ({ name, ...row })))
    .filter(({ after }) => after.rate !== null && after.rate > 0 && after.n >= 5)
    .sort((a, b) => (b.after.rate ?? 0) - (a.after.rate ?? 0))
    .slice(0, 12)
  return [
    ...(tags.length > 0
      ? [
          `On ${count(sealed!.items)} sealed items:`,
          ...table(
            ['failure', 'items'],
            tags.map(([tag, n]) => [tag, n]),
          ),
        ]
      : []),
    ...(weakest.length > 0
      ? [
          'Where the best student of the run fails most often, on dev (share of items with at least one failed criterion):',
          ...table(
            ['items with', 'untouched base', 'after training'],
            weakest.map(({ name, value, before, after }) => [`${name}=${value}`, rateText(before), rateText(after)]),
          ),
        ]
      : []),
    ...(tags.length + weakest.length === 0
      ? ['None was found on the items at hand; that is no proof that there is none.']
      : []),
  ]
}

const rounds = ({ targets }: Report): string[] =>
  (['dev', 'gate'] as const).flatMap((split) => [
    `${split === 'dev' ? 'dev, which the analyst read to aim the next rows' : 'gate, which decided promotion'}:`,
    ...table(
      ['target', ...(targets[0]?.rounds.map(({ round }) => roundText(round)) ?? [])],
      targets.map((row) => [
        targetText(row.of, row.where),
        ...row.rounds.map((each) => rateText(each[split], row.measure)),
      ]),
    ),
  ])

/** What any client of llama.cpp gets: its own reader looks for calls, and may find a wrong one. */
const callsIn = ({ calls }: Facts['tokens']): string[] => {
  const asked = Object.entries(calls).filter(([, { asked }]) => asked > 0)
  if (asked.length === 0) return []
  const counts = asked.map(([form, { asked: n, called }]) => `${form}: ${called} of ${n}`).join(', ')
  return [
    `Each GGUF file was loaded by llama.cpp with nothing else. Replies in which its own reader finds a call, of those whose right answer begins with one: ${counts}.`,
    '',
  ]
}

const forms = {
  adapter: 'adapter on its base (transformers, float32)',
  merged: 'merged safetensors (transformers, float32)',
  f16: 'GGUF f16 (llama.cpp)',
  q8_0: 'GGUF q8_0 (llama.cpp)',
}

const agreement = ({ tokens, agreement: held }: Facts): string[] => [
  ...callsIn(tokens),
  `${count(tokens.rows)} conversations of ${count(tokens.tokens)} tokens are ${tokens.differences.length === 0 ? 'the same token ids in training, in the merged tokenizer and in llama.cpp with either GGUF file' : `not the same token ids everywhere (${tokens.differences.length} differences)`}; the loss was on the ${count(tokens.trained)} tokens that the assistant says, and on no other.`,
  '',
  `Greedy replies to ${held.split} items, each form alone with its file. A word that differs makes a reply another one; what counts is whether it is still right (\`${held.of}\`).`,
  ...table(
    ['form', 'items', "same words as the adapter's", 'right', 'change against the adapter, points'],
    held.forms.map(formRow),
  ),
]

const formRow = ({ form, items, same, passes, scored, difference }: FormAgreement) => [
  forms[form],
  items,
  form === 'adapter' ? '' : `${same} (${percent(items > 0 ? same / items : undefined)})`,
  `${passes}/${scored}`,
  difference ? `${points(difference.rate)} ${bounds(difference.low, difference.high)}`.trim() : '',
]

const training = ({ training: jobs, data, rounds: judged }: Report): string[] =>
  table(
    ['round', 'by', 'rows', 'steps', 'tokens', 'last loss', 'verdict'],
    jobs.map((job) => [
      job.round,
      job.kind.toUpperCase(),
      data.find(({ round }) => round === job.round)?.trained ?? '',
      job.steps,
      count(job.tokens),
      job.finalLoss?.toFixed(3) ?? '',
      verdictOf(job.round, judged),
    ]),
  )

const verdictOf = (round: number, judged: Report['rounds']): string => {
  const verdict = judged.find((row) => row.round === round)?.verdict?.verdict
  return verdict ? verdictWord[verdict] : ''
}

const reproduce = (facts: Facts, { method }: Report): string[] => [
  `Whetstone with this config and seed ${facts.seed}; the files below pin what was installed. Two machines of different arithmetic agree within the intervals above, not to the digit.`,
  '',
  fenced(redact(facts.config).trimEnd(), 'yaml'),
  ...table(
    ['what', 'version or sha256'],
    [
      ...Object.entries(method.versions),
      ...Object.entries(method.hashes),
      ...Object.entries(facts.locks).map(([name, hash]): [string, string] => [name, hash]),
    ],
  ),
  ...table(
    ['file', 'size', 'sha256'],
    facts.files.map((file) => [file.path, size(file.bytes), file.sha256]),
  ),
]

const limits = ({ skill, context, licence, base }: Facts): string[] => [
  `- It was trained for \`${skill}\` and measured on nothing else; what it lost of the base's other abilities is not known.`,
  `- Prompt and reply together were at most ${count(context)} tokens where it was measured.`,
  '- A tool call that it writes is a guess: check its arguments, and run it only where a wrong one does no harm.',
  `- Base: ${text(base.name)} (weights sha256 \`${base.sha256.slice(0, 16)}\`). ${text(licence.says)}`,
]
