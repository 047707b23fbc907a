import { createHash } from 'node:crypto'

/** What a tool answered. */
export interface ToolAnswer {
  readonly content: string
  readonly isError: boolean
}

/** What executing calls left behind: the answers, and the sandbox's files (path: hash of the content; folders end in `/`). */
export interface Outcome {
  readonly answers: readonly ToolAnswer[]
  readonly tree: Readonly<Record<string, string>>
}

/** The end state of an executed episode: the student's, and the gold's on the same fixture. */
export interface EndState {
  readonly student: Outcome
  readonly gold: Outcome
  /** By gold answer: whether its call only reads. What a call that writes answers is mere talk: the files count. */
  readonly reads: readonly boolean[]
  /** By gold answer: whether the call took a list in any order, so that its answer may come in another one too. */
  readonly anyOrder?: readonly boolean[]
}

export const isEndState = (value: unknown): value is EndState =>
  typeof value === 'object' && value !== null && 'student' in value && 'gold' in value

export interface EffectJudgement {
  readonly score: number
  readonly reason: string
  readonly ungraded?: true // the gold itself failed on the real server, so nothing can be held against it
}

/** Same files, and where the gold only reads, the same answers. Nothing where nothing was executed. */
export const judgeEffect = (endState: unknown): EffectJudgement | undefined => {
  if (!isEndState(endState)) return undefined
  const { student, gold, reads, anyOrder } = endState
  const broken = gold.answers.find(({ isError }) => isError)
  if (broken) return { score: 0, reason: `the gold call itself fails: ${broken.content.slice(0, 200)}`, ungraded: true }
  const path = firstDifference(student.tree, gold.tree)
  if (path !== undefined) return { score: 0, reason: `the files differ at ${path}: ${treeReason(path, student, gold)}` }
  if (student.answers.length < gold.answers.length)
    return { score: 0, reason: `${student.answers.length} of ${gold.answers.length} calls were executed` }
  const error = student.answers.find(({ isError }) => isError)
  if (error) return { score: 0, reason: `the tool answered with an error: ${error.content.slice(0, 200)}` }
  const got = answersOf(student)
  const gotInAnyOrder = got.map(lineSet)
  const lacking = answersOf(gold).find(
    (answer, index) =>
      reads[index] && !(anyOrder?.[index] ? gotInAnyOrder.includes(lineSet(answer)) : got.includes(answer)),
  )
  if (lacking !== undefined) return { score: 0, reason: `no tool answered ${JSON.stringify(lacking.slice(0, 120))}` }
  return { score: 1, reason: 'same files and same answers as the gold calls' }
}

const firstDifference = (a: Outcome['tree'], b: Outcome['tree']): string | undefined =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].sort().find((path) => a[path] !== b[path])

const treeReason = (path: string, student: Outcome, gold: Outcome): string => {
  if (student.tree[path] === undefined) return 'the gold calls leave it there'
  return gold.tree[path] === undefined ? 'the gold calls leave nothing there' : 'another content'
}

/** Moments differ from run to run, and `./a` is `a`: neither tells two answers apart. */
const answersOf = ({ answers }: Outcome): string[] => answers.map(({ content }) => masked(content))

const lineSet = (answer: string): string => answer.split('\n').sort().join('\n')

const masked = (content: string): string =>
  content
    .replace(/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} \d{1,2} \d{4} \d\d:\d\d:\d\d GMT[^\n]*/g, '<time>')
    .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?/g, '<time>')
    .replace(/(^|[\s"'])\.\//gm, '$1')

export const hashOf = (content: string | Uint8Array): string =>
  createHash('sha256').update(content).digest('hex').slice(0, 16)
