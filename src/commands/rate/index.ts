import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { writeAtomic } from '../../core/disk.ts'
import { WhetError } from '../../core/errors.ts'
import { JsonlAppender, readJsonl, writeJsonl } from '../../core/jsonl.ts'
import { type BlindPair, Rating, type RatingTally, ratingKey, tallyRatings } from '../../core/rating.ts'
import { bestRound } from '../../graph/status.ts'
import { type CommandContext, defineCommand } from '../command.ts'
import { interval, percent, plural } from '../format.ts'
import { runField, workspaceField, workspaceOf } from '../inputs.ts'
import { oneLine } from '../one-line.ts'
import { clean, roundText } from '../report/text.ts'
import { blindPage } from './page.ts'
import { pairsOf } from './pairs.ts'
import { preferencesOf } from './preferences.ts'

const input = z.strictObject({
  run: runField,
  split: z
    .enum(['dev', 'train'])
    .default('dev')
    .describe('dev: base against best student; train: practice against gold, which may become rows'),
  criterion: z
    .string()
    .min(1)
    .max(60)
    .default('overall')
    .describe('what is asked: overall, voice, or another word that a judge is calibrated by'),
  rater: z.string().min(1).max(60).default('me').describe('whose ratings these are').meta({ value: 'NAME' }),
  page: z
    .string()
    .optional()
    .describe('write the pairs as a blind page for the browser instead of asking here')
    .meta({ value: 'FILE' }),
  take: z.string().optional().describe('take the ratings that such a page has saved').meta({ value: 'FILE' }),
  kto: z.string().optional().describe('write the rated train pairs as rows for KTO').meta({ value: 'FILE' }),
  workspace: workspaceField,
})

interface Rated {
  readonly run: string
  readonly criterion: string
  readonly best: string
  readonly left: number // pairs that this rater has not seen
  readonly added: number
  readonly tally: RatingTally // of all raters, this criterion
  readonly written: readonly string[]
}

export const command = defineCommand<typeof input, Rated>({
  input,
  positional: ['run'],
  async run(input, context) {
    const files = await workspaceOf(input, context).find(input.run)
    const pairs = await pairsOf(files, input.split, input.rater)
    if (pairs.length === 0) throw nothingToRate(files.name, input.split)
    const known = (await readJsonl<Rating>(files.ratings)).rows
    const seen = new Set(known.map((row) => ratingKey(row, row.criterion, row.rater)))
    const open = pairs.filter((pair) => !seen.has(ratingKey(pair, input.criterion, input.rater)))
    const written: string[] = []
    let added: Rating[] = []
    if (input.take !== undefined) added = await taken(path.resolve(context.cwd, input.take), pairs, seen)
    else if (input.page !== undefined) {
      const file = path.resolve(context.cwd, input.page)
      const options = {
        run: files.name,
        criterion: input.criterion,
        rater: input.rater,
        question: questionOf(input.criterion),
      }
      await writeAtomic(file, [blindPage(open, options)])
      written.push(file)
    } else if (input.kto === undefined) {
      for await (const rating of asked(open, input, context)) {
        await append(files.ratings, [rating])
        added.push(rating)
      }
    }
    if (input.take !== undefined) await append(files.ratings, added)
    const all = (await readJsonl<Rating>(files.ratings)).rows
    if (input.kto !== undefined) {
      const file = path.resolve(context.cwd, input.kto)
      await writeJsonl(file, await preferencesOf(files, all))
      written.push(file)
    }
    const best = roundText(await bestRound(files))
    const tally = tallyRatings(
      all.filter(({ criterion }) => criterion === input.criterion),
      best,
    )
    return {
      run: files.name,
      criterion: input.criterion,
      best,
      left: open.length - added.length,
      added: added.length,
      tally,
      written,
    }
  },
  render({ tally, added, left, best, written, criterion }, { colors }) {
    const wins = Object.entries(tally.wins).map(([who, n]) => `${who} ${n}`)
    const rate =
      tally.rate === undefined
        ? ''
        : `\n${best} preferred in ${colors.bold(percent(tally.rate))} ${interval(tally.interval?.low, tally.interval?.high)}, ties as halves`
    return [
      ...written.map((file) => `wrote  ${file}`),
      `${plural(added, 'rating')} added, ${plural(left, 'pair')} left. ${criterion}: ${[...wins, `ties ${tally.ties}`].join(', ')}${rate}`,
    ].join('\n')
  },
})

const questionOf = (criterion: string): string =>
  criterion === 'overall'
    ? 'Which reply is better?'
    : criterion === 'voice'
      ? 'Which one sounds like you?'
      : `Which reply is better in ${criterion}?`

const append = async (file: string, rows: readonly Rating[]) => {
  const appender = await JsonlAppender.open(file)
  for (const row of rows) await appender.append(row)
  await appender.close()
}

const shownCharacters = 3000

/** One pair after the other; an answer is kept as soon as it is given. */
async function* asked(
  pairs: readonly BlindPair[],
  { criterion, rater }: { criterion: string; rater: string },
  { note, ask }: CommandContext,
): AsyncGenerator<Rating> {
  for (const [at, pair] of pairs.entries()) {
    note(`\n${at + 1} of ${pairs.length}. The request:\n${clean(pair.request, shownCharacters)}\n`)
    note(`A ─────────────────────────────\n${clean(pair.a, shownCharacters)}\n`)
    note(`B ─────────────────────────────\n${clean(pair.b, shownCharacters)}\n`)
    const choice = await choiceOf(`${questionOf(criterion)} a, b, t (neither), s (skip), q (stop): `, ask)
    if (choice === 'q') return
    if (choice === 's') continue
    const { item, a, b, from } = pair
    yield { item, a, b, choice: choice === 't' ? 'tie' : choice, criterion, rater, at: new Date().toISOString(), from }
  }
}

const choiceOf = async (question: string, ask: CommandContext['ask']): Promise<'a' | 'b' | 't' | 's' | 'q'> => {
  for (;;) {
    const answer = (await ask(question))?.trim().toLowerCase()
    if (answer === undefined) return 'q'
    if (answer === 'a' || answer === 'b' || answer === 't' || answer === 's' || answer === 'q') return answer
  }
}

const Saved = Rating.omit({ from: true })

/** The picks of a page: only those of pairs that this run has, each once. */
const taken = async (file: string, pairs: readonly BlindPair[], seen: ReadonlySet<string>): Promise<Rating[]> => {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new WhetError({
      code: 'ratings-not-found',
      message: `${file} cannot be read. It is what "Save the ratings" on the page gave you.`,
      fixedBy: 'config',
      exit: 2,
      cause,
    })
  })
  const byTexts = new Map(pairs.map((pair) => [ratingKey(pair, '', ''), pair]))
  const added = new Map<string, Rating>()
  for (const [at, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const row = parsed(line, file, at + 1)
    const pair = byTexts.get(ratingKey(row, '', ''))
    const key = ratingKey(row, row.criterion, row.rater)
    if (!pair) throw broken(file, at + 1, 'is about replies that this run does not have')
    if (seen.has(key)) continue
    added.set(key, { ...row, from: pair.a === row.a ? pair.from : { a: pair.from.b, b: pair.from.a } })
  }
  return [...added.values()]
}

const parsed = (line: string, file: string, number: number): z.infer<typeof Saved> => {
  try {
    return Saved.parse(JSON.parse(line))
  } catch {
    throw broken(file, number, 'is no rating')
  }
}

const broken = (file: string, line: number, what: string) =>
  new WhetError({
    code: 'broken-ratings',
    message: `${oneLine(file, 300)}:${line}: this line ${what}. Nothing was taken; save the ratings again from the page of this run.`,
    fixedBy: 'config',
    exit: 2,
    data: { file, line },
  })

const nothingToRate = (run: string, split: string) =>
  new WhetError({
    code: 'nothing-to-rate',
    message:
      split === 'dev'
        ? `${run} has no promoted student yet: there is nothing to set beside the base.`
        : `${run} has no practice replies yet: they come with the first round that teaches judgement (train.kto.enabled).`,
    fixedBy: 'config',
    exit: 2,
    data: { run, split },
  })
