import {
  checkContains,
  checkEquals,
  checkLanguage,
  checkLength,
  checkNumber,
  checkOrder,
  checkPattern,
  checkReadability,
  checkSet,
  type Grade,
  type GradeContext,
  type Judged,
  jsonPath,
  linearPattern,
  type Transcript,
  type Verdict,
  valueAt,
  written,
} from '../../skill.ts'
import { schemaValidator } from './compiled.ts'
import type { Definition } from './definition.ts'
import type { SkillTools } from './expressions.ts'
import { type Check, type CheckKind, kindsOf } from './format.ts'
import { ExpressionFault, fillSlots, type Slots } from './gold.ts'
import type { Item } from './item.ts'

/** A student's reply: its text, and what it is as JSON. */
interface Reply {
  readonly text: string
  readonly json: boolean
  readonly value: unknown
}

interface Looking {
  readonly name: string
  readonly check: Check
  readonly reply: Reply
  readonly item: Item
  readonly definition: Definition
  readonly context: GradeContext
  readonly tools: SkillTools
}

/** What a check finds; `undefined` where it does not apply. */
type Look = (of: Looking) => Promise<Judged | undefined> | Judged | undefined

/** A student may answer with megabytes: no reply is read further. */
const longestReply = 20_000

/** Every criterion by its check, questions left out: those are a judge's. An item without gold passes nothing, and neither does silence. */
export const grade = async (
  item: Item,
  transcript: Transcript,
  definition: Definition,
  context: GradeContext,
  tools: SkillTools,
): Promise<Grade> => {
  const reply = replyOf(transcript, definition.content.reply)
  const criteria: Record<string, Verdict> = {}
  for (const [name, check] of Object.entries(definition.content.checks)) {
    const verdict = await verdictOf({ name, check, reply, item, definition, context, tools })
    if (verdict) criteria[name] = verdict
  }
  return { score: scoreOf(criteria, definition), criteria, failures: failuresOf(criteria, reply, definition) }
}

const replyOf = (transcript: Transcript, form: 'json' | 'text'): Reply => {
  const turn = transcript.find(({ role }) => role === 'assistant')
  const text = (typeof turn?.content === 'string' ? turn.content : '').slice(0, longestReply)
  if (form === 'text') return { text, json: false, value: text }
  try {
    return { text, json: true, value: JSON.parse(text) }
  } catch {
    return { text, json: false, value: undefined }
  }
}

const verdictOf = async (of: Looking): Promise<Verdict | undefined> => {
  const { check, reply, item, definition } = of
  if (item.fault !== undefined) return failed(`the gold could not be made: ${item.fault}`)
  if (!/[\p{L}\p{N}]/u.test(reply.text)) return failed('the reply says nothing')
  const [kind] = kindsOf(check)
  if (kind === undefined) return failed('the check looks at nothing')
  if (kind === 'question') return undefined
  if (definition.content.reply === 'json' && !reply.json && !onText.has(kind))
    return failed('the reply is not one JSON value')
  try {
    const judged = await looks[kind](of)
    return judged ? decided(judged, check) : { status: 'not-applicable' }
  } catch (error) {
    of.context.signal.throwIfAborted()
    return { status: 'ungraded', reason: of.tools.told(error) }
  }
}

const failed = (reason: string): Verdict => ({ status: 'fail', score: 0, reason })

const decided = ({ score, reason }: Judged, { passAt, warnAt }: Check): Verdict => {
  const status = score >= passAt ? 'pass' : warnAt !== undefined && score >= warnAt ? 'warn' : 'fail'
  return { status, score, reason }
}

/** Checks that read the reply as it is written, also where it is no record. */
const onText = new Set<CheckKind>(['regex', 'contains', 'length', 'language', 'readability', 'holds'])

const at = (path: string, value: unknown) => valueAt(jsonPath(path), value)

/** The part of the reply that a check of text looks at. */
const textOf = ({ check, reply }: Looking): string =>
  check.at === undefined || check.at === '$' ? reply.text : written(at(check.at, reply.value) ?? '')

const both = (path: string, { reply, item, definition }: Looking): [unknown, unknown] =>
  path === '$' || definition.content.reply === 'text'
    ? [reply.value, item.gold]
    : [at(path, reply.value), at(path, item.gold)]

const looks: Readonly<Record<Exclude<CheckKind, 'question'>, Look>> = {
  schema: ({ reply, definition }) => fitsSchema(reply.value, definition),
  equals: (of) => checkEquals(...both(of.check.equals ?? '$', of)),
  set: (of) => checkSet(...both(of.check.set ?? '$', of)),
  order: (of) => checkOrder(...both(of.check.order ?? '$', of)),
  number: (of) => checkNumber(...both(of.check.number?.at ?? '$', of), of.check.number),
  regex: (of) => checkPattern(textOf(of), patternOf(of.check.regex ?? ''), of.check),
  contains: (of) => {
    const wanted = (of.check.contains ?? []).map((text) => fillSlots(text, of.item.slots as Slots)).filter(Boolean)
    return wanted.length === 0 ? undefined : checkContains(textOf(of), wanted, of.check)
  },
  length: (of) => {
    const [[unit, band] = ['words', [0, 0]] as const] = Object.entries(of.check.length ?? {})
    return checkLength(textOf(of), unit as 'words', band as [number, number])
  },
  language: (of) => checkLanguage(textOf(of), of.check.language ?? 'en'),
  readability: (of) => checkReadability(textOf(of), of.check.readability ?? {}),
  holds,
}

async function holds({ name, check, reply, item, definition, tools }: Looking): Promise<Judged> {
  const input = { reply: reply.value ?? reply.text, text: reply.text, gold: item.gold, slots: item.slots }
  const value = await tools
    .expressions(definition.content.expressionMs)
    .evaluate(check.holds ?? '', input)
    .catch((error: unknown) => {
      throw new ExpressionFault(['checks', name, 'holds'], error)
    })
  return value === true ? { score: 1, reason: 'holds' } : { score: 0, reason: `${check.holds} does not hold` }
}

const patterns = new Map<string, ReturnType<typeof linearPattern>>()
const patternOf = (source: string) => {
  const known = patterns.get(source) ?? linearPattern(source)
  patterns.set(source, known)
  return known
}

const validators = new WeakMap<object, ReturnType<typeof schemaValidator>>()

const fitsSchema = (value: unknown, { content: { schema = {} } }: Definition): Judged => {
  const validator = validators.get(schema) ?? schemaValidator(schema, linearPattern)
  validators.set(schema, validator)
  if (validator(value)) return { score: 1, reason: 'fits the schema' }
  const [error] = validator.errors ?? []
  return { score: 0, reason: `${error?.instancePath || 'the record'} ${error?.message}`.slice(0, 200) }
}

/** Weighted mean over the criteria that were judged. */
const scoreOf = (criteria: Readonly<Record<string, Verdict>>, { content }: Definition): number => {
  let [sum, weights] = [0, 0]
  for (const [name, verdict] of Object.entries(criteria)) {
    if (!('score' in verdict)) continue
    const { weight = 0 } = content.checks[name] ?? {}
    sum += weight * verdict.score
    weights += weight
  }
  return weights === 0 ? 0 : sum / weights
}

/** Failure tags that every declarative skill has; each check adds its own. */
export const failureTags = (checks: readonly string[]): string[] => ['silent', 'no-record', ...checks.map(tagOf)]

const tagOf = (check: string) => `fails-${check}`

const failuresOf = (criteria: Readonly<Record<string, Verdict>>, reply: Reply, { content }: Definition): string[] => {
  const failing = Object.entries(criteria).flatMap(([name, { status }]) => (status === 'fail' ? [name] : []))
  if (failing.length === 0) return []
  if (reply.text.trim() === '') return ['silent']
  return content.reply === 'json' && !reply.json ? ['no-record'] : failing.map(tagOf)
}
