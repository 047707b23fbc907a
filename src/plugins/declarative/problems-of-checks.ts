import { linearPattern, messageOf, selfReference } from '../../skill.ts'
import { schemaValidator } from './compiled.ts'
import type { Complete } from './defaults.ts'
import type { Findings } from './findings.ts'
import { type Check, checkKinds, kindsOf } from './format.ts'
import { slotToken } from './gold.ts'

/** A schema that cannot be used: it refers to itself, is none, or has a pattern that could take for ever. */
export const schemaProblem = ({ schema, reply, checks }: Complete, findings: Findings): void => {
  if (schema === undefined) {
    if (Object.values(checks).some((check) => check.schema))
      findings.add('missing-key', ['schema'], 'is required: a check holds the reply against it')
    return
  }
  if (reply === 'text') findings.add('wrong-value', ['schema'], 'a reply that is text has no schema; say `reply: json`')
  const loop = selfReference(schema)
  if (loop !== undefined) {
    findings.add('broken-schema', ['schema'], `refers to itself at ${loop}: write it out to a fixed depth`)
    return
  }
  try {
    schemaValidator(schema, linearPattern)
  } catch (error) {
    findings.add('broken-schema', ['schema'], `is no JSON Schema that can be used: ${messageOf(error)}`)
  }
}

/** Checks, mistakes and targets: what they look at exists, and what they name is there. */
export const checkProblems = (
  content: Complete,
  dimensions: Readonly<Record<string, string>>,
  names: readonly string[],
  findings: Findings,
): void => {
  const checks = Object.keys(content.checks)
  for (const [name, check] of Object.entries(content.checks))
    oneCheck(check, ['checks', name], content, names, findings)
  for (const [at, { make, fails, at: place }] of content.mistakes.entries()) {
    findings.known('check', fails, checks, ['mistakes', at, 'fails'])
    if (place !== undefined) findings.path(place, ['mistakes', at, 'at'])
    if (place !== undefined && content.reply === 'text')
      findings.add('wrong-value', ['mistakes', at, 'at'], 'a reply that is text has no places')
    const [former] = content.mistakes.slice(0, at).filter((each) => each.name === content.mistakes[at]?.name)
    if (former) findings.add('wrong-value', ['mistakes', at], `a second mistake ${former.name}: give it a \`name\``)
    if (make === 'wrong-label' && content.reply === 'text' && !content.mistakes[at]?.labels)
      findings.add('wrong-value', ['mistakes', at], 'wrong-label needs `labels` where the reply is text')
  }
  for (const [at, { of, pass, warn, where }] of content.targets.entries()) {
    findings.known('check', of, checks, ['targets', at, 'of'])
    if (warn > pass) findings.add('wrong-value', ['targets', at, 'warn'], 'warns above where it passes')
    for (const name of Object.keys(where ?? {}))
      findings.known('dimension', name, Object.keys(dimensions), ['targets', at, 'where', name])
  }
  findings.known('check', content.format, checks, ['format'])
}

type Path = readonly PropertyKey[]

const oneCheck = (
  check: Check,
  path: Path,
  { reply }: Complete,
  names: readonly string[],
  findings: Findings,
): void => {
  const kinds = kindsOf(check)
  if (kinds.length !== 1) {
    findings.add(
      'wrong-value',
      path,
      `takes one of ${checkKinds.join(', ')}; here there are ${kinds.join(', ') || 'none'}`,
    )
    return
  }
  for (const kind of ['equals', 'set', 'order'] as const)
    if (check[kind] !== undefined) findings.path(check[kind], [...path, kind])
  if (check.number) findings.path(check.number.at, [...path, 'number', 'at'])
  if (check.at !== undefined) findings.path(check.at, [...path, 'at'])
  if (check.regex !== undefined) findings.pattern(check.regex, [...path, 'regex'])
  if (check.holds !== undefined)
    findings.expression(check.holds, [...path, 'holds'], 0, ['reply', 'gold', 'slots', 'text'])
  for (const text of check.contains ?? [])
    for (const [, slot = ''] of text.matchAll(slotToken))
      findings.known('slot', slot, names, [...path, 'contains'], 'unknown-slot')
  const inside = check.set ?? check.order ?? check.number?.at ?? check.at
  if (reply === 'text' && (check.schema || (inside !== undefined && inside !== '$')))
    findings.add('wrong-value', path, `looks into a record, and the reply is text`)
  for (const [unit, [least, most] = [0, 0]] of Object.entries(check.length ?? {}))
    if (least > most)
      findings.add('wrong-value', [...path, 'length', unit], `the least, ${least}, is above the most, ${most}`)
}
