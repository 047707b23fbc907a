import { diffSigns, forecastText } from './forecast-text.ts'
import type { Question } from './remote.ts'
import { clean } from './report/text.ts'

/** Whoever says yes has seen all of it: as long as the arguments of a surface can be. */
const longestArgs = 50_000

/** A question as a person reads it, where it is text: what would be done, what it takes, what it changes. A model may have filled the arguments in. */
export const questionLines = ({ command, args, summary, forecast }: Question): string[] => {
  const { words, diff } = forecastText(forecast)
  return [
    clean(`${command} ${JSON.stringify(args)}`, longestArgs),
    summary,
    ...(words === '' ? [] : [words]),
    ...diff.map(({ change, part }) => `${diffSigns[change]} ${clean(part)}`),
  ]
}
