// The plugin contract: one skill, all six stages. Core and graph know a skill only through this file.
import type { ZodType } from 'zod'

/** What every item carries, whatever the skill. */
export interface ItemBase {
  readonly id: string
  readonly family: string // items made from one template or source: statistics cluster by it
  readonly tags: Tags // several values where an item has several (two calls, two tools)
}
/** What an item is about, by dimension: `{ kind: ["ask"] }`. Failures are counted by it, and specs ask for it. */
export type Tags = Readonly<Record<string, readonly string[]>>
/** Every tag that items can carry, by dimension. */
export type Dimensions = Readonly<Record<string, readonly string[]>>

/** A skill: all that the loop needs to know about it, and nothing about the loop. */
export interface Skill<Options, Definition, Item extends ItemBase> {
  readonly contract: 1
  readonly name: string
  readonly summary: string
  readonly options: ZodType<Options> // its section of whetstone.yaml
  readonly definition: ZodType<Definition>
  readonly item: ZodType<Item>

  /** Define: read the user's tools, writing or documents once. The result is plain JSON, frozen and hashed with the run. */
  define(options: Options, context: DefineContext): Promise<Definition>
  dimensions(definition: Definition): Dimensions // all that a spec may name
  readonly rubrics: readonly Rubric[]
  readonly failureTags: readonly string[]
  readonly format: string // the criterion that must hold before KTO may start
  targets(definition: Definition): readonly Target[]

  /** Create: the spec in, items out; the same seed gives the same items, and a split only draws from its own pools. */
  generate(spec: GenerationSpec, definition: Definition, context: GenerateContext): AsyncIterable<Item>
  /** The same item in other words: the same truth and tools, other families of `split`, at most `count`. For `whet eval --rephrase`. */
  rephrase?(item: Item, definition: Definition, of: { readonly split: Split; readonly count: number }): readonly Item[]
  readonly mistakes: readonly Mistake<Item, Definition>[] // what KTO and DPO unlearn, on the same request

  /** Perform. Core plays the episode: gold's turn or the student's, then the environment's results or the user's next turn, until done. */
  begin(item: Item, definition: Definition): Opening
  gold(item: Item, soFar: Transcript, definition: Definition): AssistantTurn | undefined // the ideal next turn, which SFT learns; undefined: the episode is over
  respond?(item: Item, soFar: Transcript, definition: Definition): UserTurn | undefined // the user's next turn, where an episode has several
  environment?(item: Item, definition: Definition, context: EnvironmentContext): Promise<Environment> // tools that are really executed, in a sandbox

  /** Evaluate; also the reward of GRPO. What could not be judged is ungraded, never 0. */
  grade(item: Item, transcript: Transcript, definition: Definition, context: GradeContext): Promise<Grade>
  pooled?(rows: readonly Scored<Item>[], definition: Definition): Readonly<Record<string, Pooled>> // measures that no single item has: voice, pass^k

  /** Its own sections of a run's report, as plain data that the report draws: rows are those of dev, of the base and of the best student. */
  report?(students: readonly ReportedStudent<Item>[], definition: Definition): readonly ReportSection[]

  /** Closes what the plugin keeps running between episodes (tool servers). Called once, when the process is done with the skill. */
  dispose?(): Promise<void>

  /** `whet data validate`: findings for the rows of a user's own file, one JSON text a line. A bad row is a finding, never an exception. */
  validateData?(
    lines: AsyncIterable<string> | Iterable<string>,
    options: { readonly tools?: string; readonly signal?: AbortSignal },
  ): Promise<DataReport>
}

/** What `whet data validate` found in a file. */
export interface DataReport {
  readonly rows: number
  readonly passed: number
  readonly failed: number
  readonly findings: readonly DataFinding[]
}
/** `line` counts from 1; `path` is a JSON path inside the row. Errors fail the row, warnings do not. */
export interface DataFinding {
  readonly line: number
  readonly kind: string
  readonly path: string
  readonly message: string
  readonly severity: 'error' | 'warning'
}

/** From YAML. `pairwise` is what a judge is asked about two replies to one request: the base's and a candidate's. */
export interface Rubric {
  readonly name: string
  readonly criteria: readonly Criterion[]
  readonly pairwise?: string
}
/** One thing that a reply is held to. */
export interface Criterion {
  readonly name: string
  readonly weight: number // its share of the score, against the other weights
  readonly passAt: number // score from which it passes, 0..1
  readonly warnAt?: number // score from which a reply that does not pass is a warning
  readonly question?: string // what a judge is asked, where code cannot decide
}
/** What a run must reach. The first one of a skill decides promotion; `where` narrows it to items with these tags. */
export interface Target {
  readonly of: string // a criterion, or a pooled measure
  readonly measure: 'pass-rate' | 'mean-score' | 'pooled'
  readonly where?: Tags // items with these tags only
  readonly pass: number // what is wanted, 0..1
  readonly warn: number // below it, it counts as failed
  readonly protect?: { readonly margin: number; readonly floor: number } // may not drop by more than margin, in rate 0..1
}

/** Who may see an item: train is learned, dev is shown and aimed by, gate only decides, sealed is opened once, by `whet publish`. */
export type Split = 'train' | 'dev' | 'gate' | 'sealed'
/** An order of items of one split; the same seed gives the same items. */
export interface GenerationSpec {
  readonly seed: number
  readonly split: Split
  readonly parts: readonly SpecPart[]
}
/** So many rows of some tags. */
export interface SpecPart {
  readonly where: Tags // empty: spread evenly over all tags
  readonly rows: number
  readonly difficulty?: 1 | 2 | 3
  readonly mistakes?: readonly string[]
}
/** What the analyst believes, why, and what would show it. `note` is for people: no prompt and no generator reads it. */
export interface Hypothesis {
  readonly evidence: readonly string[] // item ids of dev
  readonly part: SpecPart
  readonly stage: 'sft' | 'kto' | 'grpo'
  readonly predicts: {
    readonly criterion: string
    readonly where: Tags
    readonly points: number
    readonly probability: number
  }
  readonly note: string
}

/** Replaces one assistant turn of the gold transcript; the KTO prompt is what comes before it. */
export interface Mistake<Item, Definition> {
  readonly name: string
  readonly fails: string // the criterion that the result must fail
  applies?(definition: Definition): boolean // whether the items of this definition can hold it; left out: of every one
  apply(
    item: Item,
    gold: Transcript,
    definition: Definition,
    seed: number,
  ): { readonly at: number; readonly turn: AssistantTurn } | undefined
}

/** The messages of an episode so far, the opening included. */
export type Transcript = readonly Message[]
/** One message of a transcript, told apart by `role`. */
export type Message = SystemTurn | UserTurn | AssistantTurn | ToolResult
/** What the student is told to be. */
export interface SystemTurn {
  readonly role: 'system'
  readonly content: string
}
/** What the user says. */
export interface UserTurn {
  readonly role: 'user'
  readonly content: string
}
/** What the student says, or the gold: text, calls of tools, or both. */
export interface AssistantTurn {
  readonly role: 'assistant'
  readonly content: string
  readonly toolCalls?: readonly ToolCall[]
}
/** What a call gave; `toolCallId` is the id of the call. */
export interface ToolResult {
  readonly role: 'tool'
  readonly toolCallId: string
  readonly content: string
  readonly isError: boolean
}
/** A call of a tool. A student's arguments are data: any JSON, or none. */
export interface ToolCall {
  readonly id: string
  readonly name: string
  readonly arguments: unknown
}
/** A tool as students are shown it. */
export interface ToolSchema {
  readonly name: string
  readonly description: string
  readonly parameters: Readonly<Record<string, unknown>> // JSON Schema of its arguments
}
/** How an episode begins. */
export interface Opening {
  readonly messages: Transcript
  readonly tools: readonly ToolSchema[] // what the student is shown
  readonly maxSteps: number // most turns of the student
}
/** Tools that are really executed, for one episode. What the student gets wrong is an answer with `isError`, never an exception. */
export interface Environment {
  /** `ends`: this call was the episode's last word, as a final answer is. */
  call(
    call: ToolCall,
    signal: AbortSignal,
  ): Promise<{ readonly content: string; readonly isError: boolean; readonly ends?: boolean }>
  endState(): Promise<unknown> // what the episode left behind, for `grade`
  close(): Promise<void>
}

/** What a transcript is worth: a score from 0 to 1, a verdict for each criterion, and the failure tags that apply. */
export interface Grade {
  readonly score: number
  readonly criteria: Readonly<Record<string, Verdict>>
  readonly failures: readonly string[]
}
/** One criterion, with the reason that people read. What has nothing to judge is not applicable; what could not be judged is ungraded, never 0. */
export type Verdict =
  | { readonly status: 'pass' | 'warn' | 'fail'; readonly score: number; readonly reason: string }
  | { readonly status: 'not-applicable' }
  | { readonly status: 'ungraded'; readonly reason: string }
/** An item with what a student did and what it was worth. */
export interface Scored<Item> {
  readonly item: Item
  readonly transcript: Transcript
  readonly grade: Grade
  readonly tokens?: { readonly prompt: number; readonly completion: number } // of the student's turns, where it was served
}
/** A measure over many items, and how many it stands on. */
export interface Pooled {
  readonly value: number
  readonly n: number
}

/** A student whose replies a skill may draw in the report. */
export interface ReportedStudent<Item> {
  readonly name: string // base, or round 2
  readonly rows: readonly Scored<Item>[]
}
/** A section of a report in plain data: a title, a lead, and what is drawn below it. */
export interface ReportSection {
  readonly title: string
  readonly lead: string
  readonly parts: readonly ReportPart[]
}
/** What the report can draw, told apart by `kind`. */
export type ReportPart = ReportTable | ReportScatter | ReportTexts
/** A table: its head, and rows as long as that. */
export interface ReportTable {
  readonly kind: 'table'
  readonly head: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
}
/** Points in two dimensions without units; `strong` groups are drawn over the others. */
export interface ReportScatter {
  readonly kind: 'scatter'
  readonly title: string
  readonly groups: readonly {
    readonly name: string
    readonly points: readonly (readonly [x: number, y: number])[]
    readonly strong?: boolean
  }[]
}
/** One request and what several students said, line by line; a mark says what is wrong with a line. */
export interface ReportTexts {
  readonly kind: 'texts'
  readonly request: string
  readonly columns: readonly { readonly head: string; readonly lines: readonly ReportLine[] }[]
}
/** One line of a reply. */
export interface ReportLine {
  readonly text: string
  readonly mark?: string // invented, missing: shown beside the line
}

/** What `define` is given. */
export interface DefineContext {
  readonly baseDir: string // relative paths of the options start here
  readonly signal: AbortSignal
  progress(done: number, total: number, what: string): void
}
/** What `generate` is given. A teacher and vectors are there where the config has the roles for them. */
export interface GenerateContext extends Omit<DefineContext, 'baseDir'> {
  readonly teacher?: Llm
  readonly embed?: Embed
  /** What the untouched student says to each request, without tools: what it knows by heart need not be looked up. */
  readonly byHeart?: (requests: readonly string[]) => Promise<readonly string[]>
  /** Tells what became of what the teacher wrote to one prompt: the run's log and its report show it. */
  yielded?(of: TeacherYield): void
}
/** What became of what a teacher wrote to one prompt. */
export interface TeacherYield {
  readonly prompt: string // what was asked for, in a few words
  readonly wrote: number
  readonly kept: number
  readonly fell: Readonly<Record<string, number>> // by reason
  readonly spread?: number // different three-word sequences as a share of all, 0..1
  readonly meaning?: number // 1 less the mean cosine of all pairs, 0 where all mean the same; absent without vectors
}
/** What `environment` is given. */
export interface EnvironmentContext {
  readonly signal: AbortSignal
  readonly scratch: string // a fresh folder of this episode
}
/** What `grade` is given. A judge is there where the config has one. */
export interface GradeContext {
  readonly signal: AbortSignal
  readonly judge?: Llm
  readonly embed?: Embed // the loop lends none yet: a grader that needs vectors opens its own (`openEmbedder`)
  readonly endState?: unknown // of the environment; absent where nothing was executed
}
/** A language model that answers in a given form: retried, paid for out of the budget, kept by prompt. */
export interface Llm {
  complete<T>(prompt: Transcript, schema: ZodType<T>): Promise<T>
}
/** Texts as unit vectors of meaning. */
export type Embed = (texts: readonly string[]) => Promise<readonly Float32Array[]> // unit vectors, served by trainers/serve.py

/** A skill whose own types the caller does not know: what core and graph work with. */
// biome-ignore lint/suspicious/noExplicitAny: the loop carries a plugin's definition and items without ever looking inside
export type AnySkill = Skill<any, any, any>

/** Returns its argument; it exists so that the types of options, definition and item flow into the functions. */
export const definePlugin = <Options, Definition, Item extends ItemBase>(skill: Skill<Options, Definition, Item>) =>
  skill
