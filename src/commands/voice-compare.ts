import path from 'node:path'
import { z } from 'zod'
import { authorOf, folderOf } from '../plugins/essay-style/voice/authors.ts'
import { type Comparison, compareVoices } from '../plugins/essay-style/voice/compare.ts'
import { enoughWords } from '../plugins/essay-style/voice/enough.ts'
import { type Note, readWriting } from '../plugins/essay-style/voice/read.ts'
import { type CommandContext, defineCommand } from './command.ts'
import { count, table } from './format.ts'
import { notesText } from './voice-text.ts'

const folder = (which: string) =>
  z
    .string()
    .describe(`${which}: a folder of texts, or the name of a sample author`)
    .meta({ value: which.toUpperCase(), remote: 'path' })
const input = z.strictObject({ a: folder('a'), b: folder('b') })

interface Compared extends Comparison {
  readonly notes: readonly Note[]
}

export const command = defineCommand<typeof input, Compared>({
  input,
  positional: ['a', 'b'],
  async run(input, context) {
    const [a, b] = [await read(input.a, context), await read(input.b, context)]
    context.note('Measuring the distance ...')
    return { ...(await compareVoices(a.author, b.author)), notes: [...a.notes, ...b.notes] }
  },
  render: (found, context) => {
    const { a, b, distance, low, high, yardstick, reads } = found
    const { bold } = context.colors
    return [
      `${bold(a.name)} (${count(a.words)} words) and ${bold(b.name)} (${count(b.words)} words)`,
      '',
      `distance ${bold(distance.toFixed(3))}   95 % ${low.toFixed(3)} to ${high.toFixed(3)}   ${bold(reads === 'between' ? 'between one voice and two' : reads)}`,
      '',
      table(
        [`among the sample authors, ${count(yardstick.words)} words a side`, 'median', ''],
        [
          ['halves of one author', yardstick.same.median.toFixed(3), `95 % under ${yardstick.same.most.toFixed(3)}`],
          ['two authors', yardstick.different.median.toFixed(3), `95 % over ${yardstick.different.least.toFixed(3)}`],
        ],
        [1],
      ),
      ...notesText(found.notes, context),
    ].join('\n')
  },
})

const read = async (name: string, context: CommandContext) => {
  const at = folderOf(name, context.cwd)
  const writing = await readWriting(at, context)
  return { author: authorOf(path.basename(at), writing.pieces), notes: [...writing.notes, ...enoughWords(writing)] }
}
