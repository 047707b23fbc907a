import { definePlugin } from '../../skill.ts'
import { Definition, define } from './definition.ts'
import { environment } from './environment.ts'
import { dimensionsOf, generate } from './generate.ts'
import { begin, gold } from './gold.ts'
import { failureTags, grade, rubric } from './grade.ts'
import { Item } from './item.ts'
import { closeAll } from './library.ts'
import { mistakes } from './mistakes.ts'
import { Options, skillName } from './options.ts'
import { report } from './report.ts'
import { pooled, targets } from './targets.ts'

/** agentic-search: search documents, read what matters, answer from it with citations, or say that the answer is not there. */
export const agenticSearch = definePlugin({
  contract: 1,
  name: skillName,
  summary: 'Search your documents, read what matters, answer with citations; say so when the answer is not there.',
  options: Options,
  definition: Definition,
  item: Item,

  define, // the documents, indexed and frozen by their hash
  dimensions: dimensionsOf,
  get rubrics() {
    const { name, criteria } = rubric()
    return [{ name, criteria }]
  },
  failureTags,
  format: 'format',
  targets: () => targets,

  generate, // questions whose answers are known, from facts, references and sentences of the split's own documents
  mistakes,

  begin, // the question alone; in static mode with fixed results
  gold, // a good searcher's next step
  environment, // search, read, answer, not_found: really executed on the frozen documents
  dispose: closeAll,

  grade, // by the transcript alone
  pooled,
  report, // searches step by step, with citations opened; documents by kind of question and hops
})
