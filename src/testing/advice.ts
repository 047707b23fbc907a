import { anchorsOf } from '../core/anchors.ts'
import { lintPairs } from '../core/pair-lint.ts'
import { fewestPairs, interleave, type Pair } from '../core/pairs.ts'
import { type Check, check, criteriaOf, everyItem, playedGold, splits, type World } from './world.ts'

/** A generator slower than this makes a round wait. */
const slowItemsPerSecond = 20
/** With fewer families the gate gives no verdict. */
const fewestFamilies = 10
const pairsLinted = 120

/** What breaks nothing and is worth a look before a night of training. */
export const advice: readonly Check[] = [
  check(
    'it makes items fast enough',
    'Do in `define` what is the same for all items (reading, parsing, compiling), and nothing in `generate` that waits.',
    async (world, find, figure) => {
      const started = performance.now()
      const made = await world.generate('train', {}, 200, 5)
      const perSecond = made.length / Math.max(0.001, (performance.now() - started) / 1000)
      figure(`${perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond)} items a second`)
      if (perSecond < slowItemsPerSecond)
        find(
          `${perSecond.toFixed(1)} items a second: a round of 1,000 rows takes ${Math.round(1000 / perSecond)} s to make`,
        )
    },
  ),

  check(
    'each evaluation split has families enough for a verdict',
    'Add wordings or sources: a gate of fewer than ten families gives no verdict, since items of one family are not independent.',
    (world, find, figure) => {
      const families = splits.map(
        (split) => [split, new Set(world.items[split].map(({ family }) => family)).size] as const,
      )
      figure(families.map(([split, count]) => `${split} ${count}`).join(' · '))
      for (const [split, count] of families)
        if (
          split !== 'train' &&
          split !== 'sealed' &&
          world.items[split].length >= 2 * fewestFamilies &&
          count < fewestFamilies
        )
          find(`${split} has ${count} families among ${world.items[split].length} items`)
    },
  ),

  check(
    'every declared tag comes without being asked for',
    'Let an empty `where` draw from all tags, or take the value out of `dimensions()`: nobody is ever measured on it.',
    (world, find) => {
      const items = everyItem(world)
      for (const [dimension, values] of Object.entries(world.plugin.dimensions(world.definition)))
        for (const value of values)
          if (!items.some(({ tags }) => tags[dimension]?.includes(value)))
            find(`no item of ${items.length} carries ${dimension} "${value}"`)
    },
  ),

  check(
    'good and bad replies cannot be told by their surface',
    'Make mistakes of both directions: longer and shorter, text where a call is due and a call where text is due. A student learns the surface of such pairs first.',
    async (world, find, figure) => {
      const pairs = await pairsOf(world)
      if (pairs.length < fewestPairs) return
      const { length, form, word, warnings } = lintPairs(interleave(pairs))
      const share = (value: number) => `${Math.round(value * 100)} %`
      figure(
        `length tells ${share(length)} · form ${share(form)}${word ? ` · "${word.word}" ${share(word.accuracy)}` : ''}`,
      )
      for (const warning of warnings) find(warning)
    },
  ),

  check(
    'every criterion is failed by some mistake',
    'Add a mistake that fails it: what no mistake fails, KTO cannot teach.',
    ({ plugin, ...world }, find) => {
      if (plugin.mistakes.length === 0) find('there are no mistakes: only SFT can teach this skill')
      else
        for (const { name } of criteriaOf({ plugin, ...world }))
          if (!plugin.mistakes.some(({ fails }) => fails === name)) find(`no mistake fails ${name}`)
    },
  ),
].map((each) => ({ ...each, advice: true as const }))

/** Mistakes against the gold's turn at their place, one an item, chosen as a round of KTO would. */
const pairsOf = async (world: World): Promise<Pair[]> => {
  const { plugin, definition } = world
  const groups: Pair[][] = []
  for (const item of world.items.train.slice(0, pairsLinted)) {
    const { transcript, tools } = await playedGold(world, item)
    const pairs = plugin.mistakes.flatMap(({ name, apply }, index): Pair[] => {
      const made = apply(item, transcript, definition, index)
      const good = made && transcript[made.at]
      if (!made || good?.role !== 'assistant') return []
      return [{ id: item.id, prompt: transcript.slice(0, made.at), tools, good, bad: made.turn, source: name }]
    })
    groups.push(pairs)
  }
  const fails = new Map(plugin.mistakes.map((mistake) => [mistake.name, mistake.fails]))
  return anchorsOf(groups, { wanted: groups.length, failsOf: (source) => fails.get(source) ?? source })
}
