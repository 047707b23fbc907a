import type { Rate, VoiceProfile } from '../plugins/essay-style/voice/profile.ts'
import type { Note } from '../plugins/essay-style/voice/read.ts'
import type { RenderContext } from './command.ts'
import { bar, count, indent, percent, plural, table } from './format.ts'
import { oneLine } from './one-line.ts'
import type { Shown } from './voice-show.ts'

/** A voice as a person reads it in a terminal: figures beside those of the other authors, lengths as bars. */
export const voiceText = (shown: Shown, context: RenderContext): string => {
  const { profile, neighbours, mixture, notes, written } = shown
  const { bold, dim, yellow } = context.colors
  const head = (text: string) => ['', bold(text)]
  return [
    `${bold(profile.author)}: ${plural(profile.pieces, 'text')}, ${count(profile.words)} words, reading ease ${profile.readingEase.toFixed(0)} ${dim('(0 hard, 100 easy)')}`,
    ...head('Sentences'),
    `  ${profile.sentences.mean.toFixed(1)} words on average, median ${profile.sentences.median}, spread ${profile.sentences.sd.toFixed(1)}`,
    histogram(profile),
    ...head('Rates per 1,000 words, beside the sample authors'),
    rates([...profile.marks, ...profile.person, profile.contractions, profile.similes]),
    `  past tense ${percent(profile.past)} of be, have and do`,
    ...head('Function words used more, and less, than by others'),
    side(profile.more, profile.less),
    ...head('Sentences open with'),
    `  ${profile.openings.map(({ word, share }) => `${word} ${percent(share)}`).join(' · ')}`,
    ...head('Paragraphs close with'),
    `  a question ${percent(profile.closings.question)} · an exclamation ${percent(profile.closings.exclamation)} · a short sentence ${percent(profile.closings.short)}`,
    ...head('Favourite words, and words that others use'),
    `  ${profile.favourite.map(({ word }) => word).join(', ') || '–'}`,
    `  ${dim('avoided:')} ${profile.avoided.map(({ word }) => word).join(', ') || '–'}`,
    ...head('Distance to the sample authors (0 alike, 1 unrelated)'),
    ...neighbours.map(({ name, distance }) => `  ${distance.toFixed(3)}  ${name}`),
    ...(mixture ? ['', yellow(`These texts seem to be by two hands. ${mixture.evidence}`)] : []),
    ...notesText(notes, context),
    ...written.map((file) => `\nwrote  ${file}`),
  ].join('\n')
}

const widest = 36

const histogram = ({ sentences: { histogram: bins } }: VoiceProfile): string => {
  const most = Math.max(...bins.map(({ share }) => share), 0.01)
  const rows = bins.map(({ upTo, share }, at) => {
    const from = at === 0 ? 1 : (bins[at - 1]?.upTo ?? 0) + 1
    return [upTo === null ? `${from} and more` : `${from} to ${upTo}`, bar(share / most, widest), percent(share)]
  })
  return indent(table(['words', '', ''], rows, [2]))
}

const rates = (all: readonly Rate[]): string =>
  indent(
    table(
      ['', 'own', 'others'],
      all.map(({ what, own, others }) => [what, own.toFixed(1), others.toFixed(1)]),
      [1, 2],
    ),
  )

const side = (more: readonly Rate[], less: readonly Rate[]): string => {
  const cells = (rate: Rate | undefined) =>
    rate ? [rate.what, rate.own.toFixed(1), rate.others.toFixed(1)] : ['', '', '']
  const rows = Array.from({ length: Math.max(more.length, less.length) }, (_, at) => [
    ...cells(more[at]),
    ...cells(less[at]),
  ])
  return indent(table(['more', 'own', 'others', 'less', 'own', 'others'], rows, [1, 2, 4, 5]))
}

const mostNotes = 12

export const notesText = (notes: readonly Note[], { colors }: RenderContext): string[] => {
  if (notes.length === 0) return []
  const lines = notes
    .slice(0, mostNotes)
    .map(({ file, kind, what }) => `  ${kind}${file ? ` ${oneLine(file, 80)}` : ''}: ${oneLine(what, 300)}`)
  if (notes.length > mostNotes) lines.push(`  and ${notes.length - mostNotes} more`)
  return ['', colors.yellow('Notes'), ...lines]
}
