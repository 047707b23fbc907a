import { z } from 'zod'
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
import { gradeRecording } from './recorded/grade.ts'
import { openRecording, recordedAnswer, recordedEnvironment, recordedTurn } from './recorded/play.ts'
import { isRecording, Recording } from './recorded/recording.ts'
import { rephrase } from './rephrase.ts'
import { rubrics } from './rubric.ts'
import { gradeScenario, scenarioFailureTags } from './scenarios/grade.ts'
import { scenarioMistakes } from './scenarios/mistakes.ts'
import { answerOf, goldTurn, openScenario } from './scenarios/play.ts'
import { isScenario, Scenario } from './scenarios/scenario.ts'
import { scenarioEnvironment } from './scenarios/world.ts'
import { SandboxServer } from './server-pool.ts'
import { targets } from './targets.ts'
import { taught } from './teacher.ts'
import { reworded } from './teacher-rows.ts'
import { validateData } from './validate.ts'

/** tool-calling: pick the right tool and fill its arguments so that they fit its schema, or ask, or say that none fits. */
export const toolCalling = definePlugin({
  contract: 1,
  name: 'tool-calling',
  summary: 'Call the right tool with the right arguments; ask back when one is missing; say so when no tool fits.',
  options: Options,
  definition: Definition,
  item: z.union([Item, Scenario, Recording]), // a request of one exchange, a scenario of several turns, or a conversation that was had

  define, // the catalogue, the phrase packs, the menus of shown tools
  dimensions: (definition: Definition) => compiled(definition).dimensions,
  get rubrics() {
    return rubrics()
  },
  failureTags: [...new Set([...failureTags, ...scenarioFailureTags])],
  format: 'format',
  targets,

  // where there is a teacher: wordings for the tools that the spec aims at, and some rows in its own words
  async *generate(spec, definition, context) {
    const told = await taught(spec, definition, context)
    yield* reworded(generate(spec, told, context), spec, told, context)
  }, // phrasings of a pack filled with values of the split: the truth is known by construction
  rephrase,
  mistakes: [...mistakes, ...scenarioMistakes],

  // the request alone, since the chat template shows the tools; a scenario opens with its session too, a recording with what was said
  begin: (item, definition) =>
    isScenario(item)
      ? openScenario(item, definition)
      : isRecording(item)
        ? openRecording(item, definition)
        : begin(item, definition),
  // the right calls, a question, or a refusal; of a scenario the step that is due; the turn that was recorded
  gold: (item, soFar, definition) =>
    isScenario(item)
      ? goldTurn(item, soFar, definition)
      : isRecording(item)
        ? recordedTurn(item, soFar)
        : gold(item, soFar, definition),
  respond: (item, soFar) =>
    isScenario(item) ? answerOf(item, soFar) : isRecording(item) ? recordedAnswer(item, soFar) : undefined,
  // the real server in a sandbox folder, where the config declares one, the vault, or the answers that were recorded
  environment: async (item, definition, context) =>
    isScenario(item)
      ? scenarioEnvironment(item, definition, context)
      : isRecording(item)
        ? recordedEnvironment(item, definition)
        : environment(item, definition, context),
  dispose: () => SandboxServer.stopAll(),

  // against the truth, and against what the gold calls leave behind
  grade: async (item, transcript, definition, context) =>
    isScenario(item)
      ? gradeScenario(item, transcript, definition, context)
      : isRecording(item)
        ? gradeRecording(item, transcript, definition)
        : grade(item, transcript, definition, context),
  validateData,
})
