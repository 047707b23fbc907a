import { type Split, valueSplit, WhetError } from '../../skill.ts'
import { compiled } from './compiled.ts'
import type { Definition } from './definition.ts'
import { kinds } from './options.ts'

const evaluations: readonly Split[] = ['dev', 'gate', 'sealed']

/**
 * Every split must be able to make what a spec may ask of it: each kind of request everywhere, each tag in train, and
 * a value in each pool. @throws {WhetError} pack-too-small
 */
export const checkCoverage = (definition: Definition): void => {
  const { families } = compiled(definition)
  const splits: readonly Split[] = definition.heldOut ? evaluations : ['train', ...evaluations]
  for (const split of splits) {
    const there = families.filter((family) => family.splits.includes(split))
    for (const kind of kinds)
      if (families.some((family) => family.kind === kind) && !there.some((family) => family.kind === kind))
        throw tooSmall(
          `no phrasing of the kind "${kind}" falls to ${split}`,
          'Add phrasings of that kind (twenty are usually enough)',
        )
    if (split === 'train')
      // what is held out of training has no phrasing there, and is meant to have none
      for (const family of families.filter(({ tags }) => !tags.seen?.includes('unseen')))
        for (const [dimension, values] of Object.entries(family.tags))
          for (const value of values)
            if (!there.some(({ tags }) => tags[dimension]?.includes(value)))
              throw tooSmall(`no phrasing with ${dimension} "${value}" falls to train`, 'Add phrasings of it')
    checkPools(definition, split)
  }
  if (families.length === 0)
    throw tooSmall('it has no phrasing for any tool of the catalogue', 'Choose a pack for these tools, or write one')
}

const checkPools = ({ packs, heldOut }: Definition, split: Split): void => {
  for (const { name, content } of packs)
    for (const [pool, { shared, values }] of Object.entries(content.pools))
      if (!shared && !values.some((value) => (heldOut ? valueSplit(value) !== 'train' : valueSplit(value) === split)))
        throw tooSmall(
          `no value of the pool "${pool}" falls to ${split}`,
          'Add values (thirty are usually enough) or mark it shared',
          name,
        )
}

const tooSmall = (what: string, remedy: string, pack?: string) =>
  new WhetError({
    code: 'pack-too-small',
    message: `The phrase pack${pack ? ` ${pack}` : ''} is too small: ${what}. ${remedy}.`,
    fixedBy: 'config',
    exit: 2,
    data: { what, pack },
  })
