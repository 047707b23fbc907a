import {
  messageOf,
  nearest,
  parseTemplate,
  patternsOf,
  slotsOf,
  type ToolSchema,
  valueNames,
  WhetError,
} from '../../skill.ts'
import { argumentPattern } from './arguments.ts'
import { asks, refuses } from './language.ts'
import type { NamedPack, Pack, PackTool } from './pack-schema.ts'
import { parametersOf, propertiesOf, propertyOf, requiredOf, type Schema } from './schema.ts'
import { schemaErrors } from './validators.ts'

export interface PackProblem {
  readonly code: string
  readonly at: string // where in the pack, like tools.read_file.ask.path
  readonly message: string
}

const shownProblems = 8

/**
 * Holds a pack against the catalogue: every argument and slot exists and fits, every phrasing says what its call
 * requires, every reply is what the grader takes it for. A tool that the catalogue lacks is skipped.
 *
 * @param all  every tool of the server or file, chosen or not
 * @returns notes: what is skipped
 * @throws {WhetError} the first problem's code (pack-unknown-argument, pack-unknown-slot, pack-missing-slot, pack-wrong-type,
 *   pack-broken-template, pack-unclear-reply, pack-unknown-tool); data.problems has them all
 */
export const checkPack = (pack: NamedPack, all: readonly ToolSchema[], chosen: readonly ToolSchema[]): string[] => {
  const problems = packProblems(pack.content, all)
  const [first] = problems
  if (first)
    throw new WhetError({
      code: first.code,
      message: `The phrase pack ${pack.name} does not fit the tools. ${problems
        .slice(0, shownProblems)
        .map(({ at, message }) => `${at}: ${message}`)
        .join(' · ')}${problems.length > shownProblems ? ` · and ${problems.length - shownProblems} more` : ''}`,
      fixedBy: 'config',
      exit: 2,
      data: { pack: pack.name, problems },
    })
  const known = new Set(all.map(({ name }) => name))
  const kept = new Set(chosen.map(({ name }) => name))
  return Object.entries(pack.content.tools)
    .filter(([name, { same }]) => ![name, ...same].some((tool) => known.has(tool) || kept.has(tool)))
    .map(([name]) => `the pack ${pack.name} has phrasings for ${name}, which the catalogue lacks: they are skipped`)
}

/** All that is wrong with a pack for this catalogue, in the pack's order. */
export const packProblems = (pack: Pack, tools: readonly ToolSchema[]): PackProblem[] => {
  const problems: PackProblem[] = []
  const report = (code: string, at: string, message: string) => problems.push({ code, at, message })
  checkValues(pack, report)
  for (const [name, tool] of Object.entries(pack.tools))
    for (const schema of tools.filter(({ name: known }) => [name, ...tool.same].includes(known)))
      checkTool(name, tool, schema, pack, report)
  checkSeveral(pack, tools, report)
  checkDecline(pack, report)
  const seen = new Set<string>()
  return problems.filter(({ at, message }) => !seen.has(`${at} ${message}`) && seen.add(`${at} ${message}`))
}

type Report = (code: string, at: string, message: string) => void

const near = (name: string, known: readonly string[]): string => {
  const guess = nearest(name, known)
  return guess ? `; the nearest right one is "${guess}"` : `; there are: ${known.join(', ') || 'none'}`
}

/** The slots that a template names, or undefined (and a report) where it is broken. */
const slotsIn = (text: string, at: string, report: Report): string[] | undefined => {
  try {
    return slotsOf(parseTemplate(text))
  } catch (error) {
    report('pack-broken-template', at, messageOf(error))
    return undefined
  }
}

const checkValues = (pack: Pack, report: Report): void => {
  for (const [name, patterns] of Object.entries(pack.values))
    for (const pattern of patterns)
      for (const pool of slotsIn(pattern, `values.${name}`, report) ?? [])
        if (!Object.hasOwn(pack.pools, pool))
          report(
            'pack-unknown-slot',
            `values.${name}`,
            `there is no pool "${pool}"${near(pool, Object.keys(pack.pools))}`,
          )
}

const checkTool = (name: string, tool: PackTool, schema: ToolSchema, pack: Pack, report: Report): void => {
  const parameters = parametersOf(schema)
  const at = `tools.${name}`
  const slots = Object.keys(tool.slots)
  for (const [slot, value] of Object.entries(tool.slots))
    if (!valueNames(pack).includes(value))
      report('pack-unknown-slot', `${at}.slots.${slot}`, `there is no value "${value}"${near(value, valueNames(pack))}`)
  const carried = checkArguments(tool, schema, pack, at, report)
  checkFixture(tool, at, report)
  for (const style of ['direct', 'indirect'] as const)
    for (const [index, say] of tool.say[style].entries()) {
      const here = `${at}.say.${style}[${index}]`
      const named = slotsIn(say.say, here, report) ?? []
      checkKnown(named, slots, here, name, report)
      checkFixed({ ...say.with, ...say.may }, schema, here, report)
      for (const required of requiredOf(parameters)) {
        if (say.with && Object.hasOwn(say.with, required)) continue
        const needs = carried.get(required)
        if (!needs)
          report(
            'pack-unknown-argument',
            `${at}.arguments`,
            `the required argument "${required}" of ${schema.name} has no value`,
          )
        else if (needs.length > 0 && !needs.some((slot) => named.includes(slot)))
          report(
            'pack-missing-slot',
            here,
            `it names no value for the required argument "${required}" ({${needs.join('}, {')}})`,
          )
      }
    }
  checkAsks(name, tool, parameters, carried, report)
}

const checkKnown = (
  named: readonly string[],
  slots: readonly string[],
  at: string,
  tool: string,
  report: Report,
): void => {
  for (const slot of named)
    if (!slots.includes(slot)) report('pack-unknown-slot', at, `${tool} has no slot {${slot}}${near(slot, slots)}`)
}

/** Every argument exists in the schema and its slots exist; returns the slots that carry each argument. */
const checkArguments = (tool: PackTool, schema: ToolSchema, pack: Pack, at: string, report: Report) => {
  const parameters = parametersOf(schema)
  const known = Object.keys(propertiesOf(parameters))
  const carried = new Map<string, readonly string[]>()
  for (const [argument, pattern] of [
    ...Object.entries(tool.arguments),
    ...Object.entries(tool.accept).flatMap(([a, ps]) => ps.map((p) => [a, p] as const)),
  ]) {
    const here = `${at}.arguments.${argument}`
    const property = propertyOf(parameters, argument)
    if (!property)
      report('pack-unknown-argument', here, `${schema.name} has no argument "${argument}"${near(argument, known)}`)
    try {
      const { slots } = argumentPattern(pattern, property)
      carried.set(argument, slots)
      checkKnown(slots, Object.keys(tool.slots), here, schema.name, report)
      if (property && isNumeric(property)) for (const slot of slots) checkNumeric(slot, tool, pack, here, report)
    } catch (error) {
      report('pack-broken-template', here, messageOf(error))
    }
  }
  for (const list of tool.anyOrder)
    if (!propertyOf(parameters, list))
      report('pack-unknown-argument', `${at}.anyOrder`, `${schema.name} has no argument "${list}"${near(list, known)}`)
  return carried
}

const isNumeric = ({ type }: Schema) => type === 'number' || type === 'integer'

const checkNumeric = (slot: string, tool: PackTool, pack: Pack, at: string, report: Report): void => {
  for (const pattern of patternsOf(pack, tool.slots[slot] ?? '')) {
    const pool = /^\{(\w+)\}$/.exec(pattern)?.[1]
    const values = pool === undefined ? [pattern] : (pack.pools[pool]?.values ?? [])
    const wrong = values.find((value) => !/^-?\d+(\.\d+)?$/.test(value))
    if (wrong !== undefined)
      report('pack-wrong-type', at, `the argument is a number and {${slot}} can be ${JSON.stringify(wrong)}`)
  }
}

const checkFixed = (fixed: Record<string, unknown>, schema: ToolSchema, at: string, report: Report): void => {
  const known = Object.keys(propertiesOf(parametersOf(schema)))
  for (const [argument, value] of Object.entries(fixed)) {
    if (!known.includes(argument)) {
      report('pack-unknown-argument', at, `${schema.name} has no argument "${argument}"${near(argument, known)}`)
      continue
    }
    const wrong = schemaErrors(schema, { [argument]: value }).find(({ instancePath }) =>
      instancePath.startsWith(`/${argument}`),
    )
    if (wrong) report('pack-wrong-type', at, `"${argument}" ${wrong.message}`)
  }
}

const checkFixture = ({ fixture, slots }: PackTool, at: string, report: Report): void => {
  const texts = [...Object.entries(fixture.files).flat(), ...fixture.folders].filter((text) => typeof text === 'string')
  for (const text of texts)
    checkKnown(slotsIn(text, `${at}.fixture`, report) ?? [], Object.keys(slots), `${at}.fixture`, 'it', report)
}

const checkAsks = (
  name: string,
  tool: PackTool,
  parameters: Schema,
  carried: ReadonlyMap<string, readonly string[]>,
  report: Report,
): void => {
  const slots = Object.keys(tool.slots)
  for (const [slot, { names, say, reply }] of Object.entries(tool.ask)) {
    const at = `tools.${name}.ask.${slot}`
    const argument = [...carried].find(([, carriers]) => carriers.includes(slot))?.[0]
    if (!slots.includes(slot)) report('pack-unknown-slot', at, `${name} has no slot {${slot}}${near(slot, slots)}`)
    else if (argument === undefined || !requiredOf(parameters).includes(argument))
      report('pack-unknown-slot', at, `{${slot}} carries no required argument: its request would not lack anything`)
    for (const [index, text] of say.entries()) {
      const named = slotsIn(text, `${at}.say[${index}]`, report) ?? []
      checkKnown(named, slots, `${at}.say[${index}]`, name, report)
      if (named.includes(slot))
        report('pack-missing-slot', `${at}.say[${index}]`, `it names {${slot}}, so nothing is missing`)
    }
    for (const text of reply)
      if (!asks(text, names) || refuses(text))
        report(
          'pack-unclear-reply',
          `${at}.reply`,
          `${JSON.stringify(text)} is no question with one of the names ${names.join(', ')}`,
        )
  }
}

const checkSeveral = (pack: Pack, tools: readonly ToolSchema[], report: Report): void => {
  for (const [index, { say, calls }] of pack.several.entries()) {
    const at = `several[${index}]`
    const slots: string[] = []
    const named = slotsIn(say, at, report) ?? []
    for (const [letter, name] of Object.entries(calls)) {
      const tool = Object.hasOwn(pack.tools, name) ? pack.tools[name] : undefined
      if (!tool) {
        report('pack-unknown-tool', at, `the pack has no tool "${name}"${near(name, Object.keys(pack.tools))}`)
        continue
      }
      slots.push(...Object.keys(tool.slots).map((slot) => `${letter}.${slot}`))
      const schema = tools.find((candidate) => [name, ...tool.same].includes(candidate.name))
      for (const required of schema ? requiredOf(parametersOf(schema)) : []) {
        const needs = argumentPattern(tool.arguments[required] ?? '', undefined).slots.map(
          (slot) => `${letter}.${slot}`,
        )
        if (!needs.some((slot) => named.includes(slot)))
          report(
            'pack-missing-slot',
            at,
            `it names no value for the required argument "${required}" of ${name} ({${needs.join('}, {')}})`,
          )
      }
    }
    checkKnown(named, slots, at, 'it', report)
  }
}

const checkDecline = (pack: Pack, report: Report): void => {
  const values = valueNames(pack)
  for (const [index, text] of (pack.decline?.say ?? []).entries())
    for (const slot of slotsIn(text, `decline.say[${index}]`, report) ?? [])
      if (!values.includes(slot))
        report('pack-unknown-slot', `decline.say[${index}]`, `there is no value "${slot}"${near(slot, values)}`)
  for (const text of pack.decline?.reply ?? [])
    if (!refuses(text))
      report('pack-unclear-reply', 'decline.reply', `${JSON.stringify(text)} does not say that it cannot be done`)
}
