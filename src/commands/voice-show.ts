import path from 'node:path'
import { z } from 'zod'
import { writeAtomic } from '../core/disk.ts'
import { writeJson } from '../core/jsonl.ts'
import { authorOf, folderOf, sampleAuthors } from '../plugins/essay-style/voice/authors.ts'
import { type Nearest, neighboursOf } from '../plugins/essay-style/voice/compare.ts'
import { enoughWords } from '../plugins/essay-style/voice/enough.ts'
import { voiceMap } from '../plugins/essay-style/voice/map.ts'
import { type Mixture, mixtureOf } from '../plugins/essay-style/voice/mixture.ts'
import { profileOf, type VoiceProfile } from '../plugins/essay-style/voice/profile.ts'
import { type Note, readWriting } from '../plugins/essay-style/voice/read.ts'
import { defineCommand } from './command.ts'
import { voiceText } from './voice-text.ts'

const input = z.strictObject({
  folder: z
    .string()
    .describe('a folder of the author’s own texts (.md, .txt, .docx, .html), or the name of a sample author')
    .meta({ value: 'FOLDER', remote: 'path' }),
  save: z.string().optional().describe('write the profile as JSON').meta({ value: 'FILE' }),
  plot: z
    .string()
    .optional()
    .describe('write the voice map as SVG: these texts beside the sample authors')
    .meta({ value: 'FILE' }),
})

export interface Shown {
  readonly folder: string
  readonly profile: VoiceProfile
  readonly neighbours: readonly Nearest[] // sample authors, the nearest first
  readonly mixture: Mixture | null // where two hands seem to be mixed
  readonly notes: readonly Note[]
  readonly written: readonly string[]
}

export const command = defineCommand<typeof input, Shown>({
  input,
  positional: ['folder'],
  async run(input, context) {
    const folder = folderOf(input.folder, context.cwd)
    const writing = await readWriting(folder, context)
    const author = authorOf(path.basename(folder), writing.pieces)
    context.note(`${writing.pieces.length} texts read. Measuring the voice ...`)
    const shown: Shown = {
      folder: input.folder,
      profile: await profileOf(author),
      neighbours: await neighboursOf(author),
      mixture: (await mixtureOf(author)) ?? null,
      notes: [...writing.notes, ...enoughWords(writing)],
      written: [],
    }
    const written: string[] = []
    if (input.save) written.push(await save(path.resolve(context.cwd, input.save), shown))
    if (input.plot) {
      const { scatterChart } = await import('./report/scatter.ts')
      const file = path.resolve(context.cwd, input.plot)
      const others = (await sampleAuthors()).filter(({ name }) => name !== author.name)
      const { groups } = await voiceMap([author, ...others])
      await writeAtomic(file, [scatterChart({ title: `voice map of ${author.name}`, groups })])
      written.push(file)
    }
    return { ...shown, written }
  },
  render: (shown, context) => voiceText(shown, context),
})

const save = async (file: string, { profile }: Shown): Promise<string> => {
  await writeJson(file, profile)
  return file
}
