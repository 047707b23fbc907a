import { type GenerateContext, type Llm, seedFrom, type ToolSchema } from '../../skill.ts'
import { covers, type Draft, definitionOf, written } from './draft.ts'
import { type Aim, type Style, wordingsFor } from './teacher.ts'

const styles: readonly Style[] = ['direct', 'indirect']
const splits = ['train', 'dev', 'gate', 'sealed'] as const

/**
 * The draft with wordings of a teacher beside its own, of every tool and in both styles, each checked as in a round. They stand in the
 * file, where a person can mend them and where they evaluate too, each in the one split that it falls to.
 * @returns the draft itself where the teacher wrote nothing that is fit
 */
export const withTeacher = async (
  draft: Draft,
  tools: readonly ToolSchema[],
  teacher: Llm,
  context: Pick<GenerateContext, 'signal' | 'progress' | 'yielded'>,
): Promise<{ readonly draft: Draft; readonly wordings: number }> => {
  const aims = Object.keys(draft.pack.tools).flatMap((tool) => styles.map((style): Aim => ({ tool, style })))
  const definition = definitionOf(draft.pack, tools)
  const seed = seedFrom('draft', ...Object.keys(draft.pack.tools))
  const packs = await wordingsFor(aims, definition, { seed, splits, teacher, context })
  // too few indirect wordings may leave training without any: then plain ones alone are better than none
  for (const kept of [styles, ['direct'] as const]) {
    const told = packs.flatMap(({ content }) =>
      Object.entries(content.tools).flatMap(([tool, { say }]) =>
        kept.flatMap((style) => say[style].map((one) => ({ tool, style, say: one.say }))),
      ),
    )
    const both = written({ ...draft.content, tools: beside(draft, told) }, draft.skipped)
    if (told.length > 0 && covers(both.pack, tools)) return { draft: both, wordings: told.length }
  }
  return { draft, wordings: 0 }
}

interface Told extends Aim {
  readonly say: string
}

const beside = ({ content }: Draft, told: readonly Told[]): Draft['content']['tools'] =>
  Object.fromEntries(
    Object.entries(content.tools).map(([name, tool]) => {
      const of = (style: Style) => told.filter((one) => one.tool === name && one.style === style).map(({ say }) => say)
      const indirect = [...(tool.say.indirect ?? []), ...of('indirect')]
      const say = { direct: [...tool.say.direct, ...of('direct')], ...(indirect.length > 0 && { indirect }) }
      return [name, { ...tool, say }]
    }),
  )
