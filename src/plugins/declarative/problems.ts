import type { Problem, YamlFile } from '../../skill.ts'
import type { Complete } from './defaults.ts'
import { Findings } from './findings.ts'
import { expressionIn, slotToken, textsIn } from './gold.ts'
import { checkProblems, schemaProblem } from './problems-of-checks.ts'
import { dimensionSlots, familySlot, isShared, slotNames, sourceOf } from './source.ts'

/** A label needs one wording for each split; about twenty teach it. */
export const fewestWordings = 4

/** All that is wrong with a skill file beyond its shape, from the top of the file down. */
export const skillProblems = (yaml: YamlFile, content: Complete, columns: readonly string[]): Problem[] => {
  const findings = new Findings(yaml)
  const names = slotNames(content, columns)
  slotProblems(content, columns, names, findings)
  valueProblems(content, findings)
  phraseProblems(content, columns, names, findings)
  sayProblems(content, names, findings)
  goldProblems(content, [...names, 'request', 'said'], findings)
  schemaProblem(content, findings)
  checkProblems(content, dimensionSlots(content), [...names, 'request'], findings)
  return findings.problems
}

const slotProblems = (content: Complete, columns: readonly string[], names: string[], findings: Findings): void => {
  for (const [slot, source] of Object.entries(content.slots))
    findings.known('pool, value or phrases', source, names, ['slots', slot])
  if (content.family !== undefined && sourceOf(content.family, content, columns)?.kind !== 'phrases')
    findings.add('wrong-value', ['family'], 'a family is named after a slot of phrases')
  for (const [dimension, slot] of Object.entries(dimensionSlots(content))) {
    const kind = sourceOf(slot, content, columns)?.kind
    if (kind === 'value')
      findings.add(
        'wrong-value',
        ['dimensions', dimension],
        `${slot} is a value: a dimension is a slot of phrases or a column`,
      )
    else if (!kind) findings.known('slot', slot, names, ['dimensions', dimension], 'unknown-slot')
  }
}

const valueProblems = ({ values, pools }: Complete, findings: Findings): void => {
  for (const [name, patterns] of Object.entries(values))
    for (const [at, pattern] of patterns.entries())
      for (const pool of findings.template(pattern, ['values', name, at]))
        findings.known('pool', pool, Object.keys(pools), ['values', name, at], 'unknown-slot')
}

const phraseProblems = (content: Complete, columns: readonly string[], names: string[], findings: Findings): void => {
  const families = new Set(content.say.flatMap((say) => familySlot(say, content, columns) ?? []))
  for (const [name, labels] of Object.entries(content.phrases)) {
    const labelOf = new Map<string, string>()
    for (const [label, wordings] of Object.entries(labels)) {
      const path = ['phrases', name, label]
      for (const [at, wording] of wordings.entries()) {
        for (const slot of findings.template(wording, [...path, at]))
          if (sourceOf(slot, content, columns)?.kind === 'phrases')
            findings.add(
              'wrong-value',
              [...path, at],
              `{${slot}} stands for phrases: phrases cannot stand inside phrases`,
            )
          else findings.known('slot', slot, names, [...path, at], 'unknown-slot')
        const other = labelOf.get(wording)
        if (other !== undefined)
          findings.add(
            'wrong-value',
            [...path, at],
            `this wording stands under ${other} too: nobody could tell them apart`,
          )
        labelOf.set(wording, label)
      }
      const own = new Set(wordings.filter((wording) => !isShared(wording))).size
      const isFamily = [...families].some((slot) => (content.slots[slot] ?? slot) === name)
      if (isFamily && own < wordings.length)
        findings.add('wrong-value', path, 'an empty wording belongs to every split, and wordings of a family to one')
      else if (own > 0 && own < fewestWordings)
        findings.add(
          'too-few-wordings',
          path,
          `${own} wordings: each of the four splits needs one of its own, and about twenty teach it`,
        )
    }
  }
}

const sayProblems = ({ say }: Complete, names: string[], findings: Findings): void => {
  for (const [at, text] of say.entries())
    for (const slot of findings.template(text, ['say', at]))
      findings.known('slot', slot, names, ['say', at], 'unknown-slot')
}

const goldProblems = (content: Complete, names: string[], findings: Findings): void => {
  for (const { path, text } of textsIn(content.gold)) {
    const expression = expressionIn(text)
    const place = ['gold', ...path]
    if (expression !== undefined) findings.expression(expression, place, text.indexOf(expression, 1), names)
    else
      for (const [, slot = ''] of text.matchAll(slotToken)) findings.known('slot', slot, names, place, 'unknown-slot')
  }
  if (content.reply === 'text' && typeof content.gold !== 'string')
    findings.add('wrong-value', ['gold'], 'a reply that is text has a text as its gold')
}
