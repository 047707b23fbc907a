import { definePlugin } from '../../skill.ts'
import { compiled } from './compiled.ts'
import { Definition, define } from './definition.ts'
import { environment } from './environment.ts'
import { generate } from './generate.ts'
import { begin, gold } from './gold.ts'
import { failureTags, grade } from './grade.ts'
import { Item } from './item.ts'
import { mistakes } from './mistakes.ts'
import { Options } from './options.ts'
import { rubrics } from './rubric.ts'
import { SandboxServer } from './server-pool.ts'
import { targets } from './targets.ts'
import { validateData } from './validate.ts'

/** tool-calling: pick the right tool and fill its arguments so that they fit its schema, or ask, or say that none fits. */
export const toolCalling = definePlugin({
  contract: 1,
  name: 'tool-calling',
  summary: 'Call the right tool with the right arguments; ask back when one is missing; say so when no tool fits.',
  options: Options,
  definition: Definition,
  item: Item,

  define, // the catalogue, the phrase packs, the menus of shown tools
  dimensions: (definition: Definition) => compiled(definition).dimensions,
  get rubrics() {
    return rubrics()
  },
  failureTags,
  format: 'format',
  targets: () => targets,

  generate, // phrasings of a pack filled with values of the split: the truth is known by construction
  mistakes,

  begin, // the request alone; the chat template shows the tools
  gold, // the right calls, a question, or a refusal
  environment, // the real server in a sandbox folder, where the config declares one
  dispose: () => SandboxServer.stopAll(),

  grade, // against the truth, and against what the gold calls leave in the sandbox
  validateData,
})
