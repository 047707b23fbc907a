import { definePlugin, type Rubric } from '../../skill.ts'
import { Definition, define, dimensions } from './definition.ts'
import { failureTags } from './failure-tags.ts'
import { generate } from './generate.ts'
import { begin, gold, respond } from './gold.ts'
import { grade, rubric } from './grade.ts'
import { Item } from './item.ts'
import { closeReaders } from './meaning.ts'
import { mistakes } from './mistakes.ts'
import { Options } from './options.ts'
import { pooled } from './pooled.ts'
import { report } from './report.ts'
import { targets } from './targets.ts'

/** essay-style: find the shape in a messy brainstorm, challenge it, and hand back an outline in the author's own terms. */
export const essayStyle = definePlugin({
  contract: 1,
  name: 'essay-style',
  summary: 'Turn a messy brainstorm into a structured outline that challenges, and keeps to what was said.',
  options: Options,
  definition: Definition,
  item: Item,

  define, // the output contract, the material, the author's voice
  dimensions,
  get rubrics(): readonly Rubric[] {
    const { name, criteria, pairwise } = rubric()
    return [{ name, criteria, ...(pairwise && { pairwise }) }]
  },
  failureTags,
  format: 'structure',
  targets,

  generate, // ideas in their order first, then the mess that is made of them
  mistakes,

  begin, // the contract in a sentence, and the brainstorm
  gold, // a question where no thesis was said, the outline, and what feedback makes of it
  respond, // the author's answer or feedback

  grade, // by code: rules of the contract, words of the ideas
  pooled, // how near all replies together are to the author's voice
  dispose: closeReaders, // the embedding model, where one is configured

  report, // outlines side by side with what they lack and invent, and the voice map
})
