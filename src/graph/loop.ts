import { createHash } from 'node:crypto'
import { type BaseCheckpointSaver, END, START, StateGraph } from '@langchain/langgraph'
import type { Stage } from './deps.ts'
import { analyze } from './nodes/analyze.ts'
import { define } from './nodes/define.ts'
import { evaluate } from './nodes/evaluate.ts'
import { gate } from './nodes/gate.ts'
import { generate } from './nodes/generate.ts'
import { practice } from './nodes/practice.ts'
import { train } from './nodes/train.ts'
import { validate } from './nodes/validate.ts'
import { type Door, runStage } from './stage.ts'
import { LoopState, type State } from './state.ts'

const stages = { define, generate, validate, practice, train, evaluate, gate, analyze } satisfies Record<string, Stage>
export type StageName = keyof typeof stages

const edges = [
  ['define', 'evaluate'], // round 0: the untouched student is the baseline
  ['evaluate', 'gate'],
  ['gate', 'analyze'],
  ['generate', 'validate'],
  ['practice', 'train'],
  ['train', 'evaluate'],
] as const

/** Changes whenever a stage or an edge does: an old checkpoint would end silently in a graph that lacks its next node. */
export const graphVersion = createHash('sha256')
  .update(JSON.stringify([Object.keys(stages), edges, 'analyze -> generate | end', 'validate -> practice | train']))
  .digest('hex')
  .slice(0, 12)

/** Judgement is taught on what the student gets wrong, so it answers first. */
const lesson = (state: State) => state.teaches

const nextRound = (state: State) => (state.stop ? 'stop' : 'again')

/**
 * The closed loop: define → evaluate → gate → analyze, then generate → validate → (practice →) train → evaluate → gate → analyze
 * until the analysis says stop. Stages are verbs and state keys are nouns: LangGraph refuses a node named like a key.
 */
export const buildLoop = (deps: Door, checkpointer?: BaseCheckpointSaver) => {
  const bind = (name: StageName) => (state: State) => runStage(name, stages[name], state, deps)
  return new StateGraph(LoopState)
    .addNode('define', bind('define'))
    .addNode('generate', bind('generate'))
    .addNode('validate', bind('validate'))
    .addNode('practice', bind('practice'))
    .addNode('train', bind('train'))
    .addNode('evaluate', bind('evaluate'))
    .addNode('gate', bind('gate'))
    .addNode('analyze', bind('analyze'))
    .addEdge(START, 'define')
    .addEdge('define', 'evaluate')
    .addEdge('evaluate', 'gate')
    .addEdge('gate', 'analyze')
    .addConditionalEdges('analyze', nextRound, { again: 'generate', stop: END })
    .addEdge('generate', 'validate')
    .addConditionalEdges('validate', lesson, { sft: 'train', kto: 'practice', grpo: 'practice' })
    .addEdge('practice', 'train')
    .addEdge('train', 'evaluate')
    .compile({ checkpointer })
}
