import type { SpecFile } from '../core/analyst.ts'
import type { Dimensions, SpecPart } from '../core/contract.ts'
import { WhetError } from '../core/errors.ts'
import { readJson, writeJson } from '../core/jsonl.ts'
import { unknownName } from '../core/nearest.ts'
import type { Deps } from './deps.ts'

/** A person may ask for more rows than the config, but not for a disk full of them. */
const mostRows = 100_000
const mostParts = 200

/** Why parts that a person wrote make no spec; undefined where they do. */
export const problemOf = (parts: readonly SpecPart[], dimensions: Dimensions): string | undefined => {
  if (parts.length === 0 || parts.length > mostParts) return `a spec has 1 to ${mostParts} parts`
  const rows = parts.reduce((sum, part) => sum + part.rows, 0)
  if (parts.some((part) => !Number.isInteger(part.rows) || part.rows < 1))
    return 'each part needs a whole number of rows, at least 1'
  if (rows > mostRows) return `${rows} rows are more than ${mostRows}`
  for (const { where } of parts)
    for (const [dimension, values] of Object.entries(where)) {
      const known = Object.hasOwn(dimensions, dimension) ? dimensions[dimension]! : undefined
      if (!known) return unknownName('dimension', dimension, Object.keys(dimensions))
      const unknown = values.find((value) => !known.includes(value))
      if (unknown !== undefined) return unknownName(`value of ${dimension}`, unknown, known)
    }
  return undefined
}

/** Puts a person's parts in the place of the round's own. Hypotheses stay where their part does: the others were not tried. */
export const rewriteSpec = async (
  round: number,
  parts: readonly SpecPart[],
  deps: Pick<Deps, 'files' | 'emit'>,
): Promise<void> => {
  const file = deps.files.round(round).spec
  const before = await readJson<SpecFile>(file)
  if (!before)
    throw new WhetError({
      code: 'run-file-missing',
      message: `The spec of round ${round} is gone from the run's folder (${file}). Start a new run, or restore the file.`,
      fixedBy: 'machine',
      data: { file },
    })
  const kept = new Set(parts.map(({ where }) => JSON.stringify(where)))
  const hypotheses = before.hypotheses.filter(({ part }) => kept.has(JSON.stringify(part.where)))
  await writeJson(file, { ...before, spec: { ...before.spec, parts }, hypotheses, author: 'person' } satisfies SpecFile)
  deps.emit({ type: 'spec.written', round, data: { author: 'person', parts: [...parts], hypotheses: [...hypotheses] } })
}
