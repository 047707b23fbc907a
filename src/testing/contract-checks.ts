import type { ItemBase, Split, Transcript } from '../core/contract.ts'
import { messageOf } from '../core/errors.ts'
import { doNothing, hostileTurns, randomTurn, transcriptOf } from './students.ts'
import { type Check, check, criteriaOf, everyItem, graded, playedGold, requestOf, splits, undeclared } from './world.ts'

/** The contract, in the order in which a plugin's author would mend it. */
export const contractChecks: readonly Check[] = [
  check(
    'its rubrics, targets and dimensions name each other rightly',
    'Criteria are named once, in `rubrics`; `format`, `targets` and the `fails` of each mistake use those names, and `where` uses `dimensions()`.',
    (world, find) => {
      const { plugin, definition } = world
      const names = criteriaOf(world).map(({ name }) => name)
      for (const name of names)
        if (names.indexOf(name) !== names.lastIndexOf(name)) find(`two criteria are called ${name}`)
      for (const { name, weight, passAt, warnAt } of criteriaOf(world)) {
        if (!(weight >= 0)) find(`the weight of ${name} is ${weight}`)
        if (!(passAt > 0 && passAt <= 1)) find(`${name} passes at ${passAt}, outside (0, 1]`)
        if (warnAt !== undefined && warnAt > passAt) find(`${name} warns above where it passes`)
      }
      if (!names.includes(plugin.format)) find(`format names ${plugin.format}, which is no criterion`)
      const targets = plugin.targets(definition)
      if (targets.length === 0) find('it has no targets: nothing could ever be reached')
      for (const { of, measure, where, pass, warn } of targets) {
        if (measure !== 'pooled' && !names.includes(of)) find(`a target is of ${of}, which is no criterion`)
        if (measure === 'pooled' && !plugin.pooled)
          find(`a target is of the pooled measure ${of}, and there is no pooled()`)
        if (warn > pass) find(`the target ${of} warns above where it passes`)
        for (const finding of undeclared(where ?? {}, world)) find(`the target ${of}: ${finding}`)
      }
      for (const { name, fails } of plugin.mistakes)
        if (!names.includes(fails)) find(`the mistake ${name} fails ${fails}, which is no criterion`)
    },
  ),

  check(
    'its definition is plain JSON and fits its own schema',
    '`define` returns what `definition` (zod) describes: no undefined, no Map, no Date, every key in the schema.',
    ({ plugin, definition }, find) => {
      const copy: unknown = JSON.parse(JSON.stringify(definition))
      if (JSON.stringify(plugin.definition.parse(copy)) !== JSON.stringify(definition))
        find('a definition that is written down and read again differs')
    },
  ),

  check(
    'its items are plain JSON, fit their schema and have an id and a family of their own',
    'Yield what `item` (zod) describes, with an id made from all that tells two items apart, and the template or source as `family`.',
    (world, find) => {
      const ids = new Set<string>()
      for (const item of everyItem(world)) {
        const parsed = world.plugin.item.safeParse(JSON.parse(JSON.stringify(item)))
        if (!parsed.success)
          find(`${item.id}: ${parsed.error.issues[0]?.path.join('.')} ${parsed.error.issues[0]?.message}`)
        else if (JSON.stringify(parsed.data) !== JSON.stringify(item))
          find(`${item.id} differs after it is written and read`)
        if (ids.has(item.id)) find(`two items have the id ${item.id}`)
        ids.add(item.id)
        if (item.family === '') find(`${item.id} has no family`)
      }
      for (const split of splits) if (world.items[split].length === 0) find(`it makes no ${split} items`)
    },
  ),

  check(
    'every tag of its items is a declared dimension',
    'List the value in `dimensions()`, or leave the tag out of the item.',
    (world, find) => {
      for (const item of everyItem(world))
        for (const finding of undeclared(item.tags, world)) find(`${item.id}: ${finding}`)
    },
  ),

  check(
    'the same seed gives the same items, and another seed others',
    'Take every choice from `mulberry32(seedFrom(spec.seed, ...))`; no Math.random, no clock, no order of a Set that was filled by chance.',
    async (world, find) => {
      const again = await world.generate('train', {}, world.items.train.length)
      const other = await world.generate('train', {}, world.items.train.length, 2)
      const first = JSON.stringify(world.items.train.slice(0, again.length))
      if (JSON.stringify(again) !== first) find('a second run with the same seed gave other items')
      if (JSON.stringify(other) === first) find('another seed gave the same items')
    },
  ),

  check(
    'no family and no request comes in two splits',
    'Draw templates, values and documents from the pool of `spec.split` only: `splitPool`, or `splitOf(key) === spec.split`.',
    (world, find) => {
      const [families, requests] = [new Map<string, Split>(), new Map<string, Split>()]
      for (const split of splits)
        for (const item of world.items[split]) {
          const family = families.get(item.family) ?? split
          if (family !== split) find(`the family ${item.family} is in ${family} and in ${split}`)
          families.set(item.family, family)
          const request = requestOf(world, item)
          const known = requests.get(request) ?? split
          if (known !== split) find(`${item.id} asks the same in ${known} and in ${split}`)
          requests.set(request, known)
        }
    },
  ),

  check(
    'a spec that asks for one tag gets it',
    'In `generate`, use `part.where` to choose what is made; where train has no material for a tag, add some or take the value out of `dimensions()`.',
    async (world, find) => {
      for (const [dimension, values] of Object.entries(world.plugin.dimensions(world.definition)))
        for (const value of values) {
          const made = await world.generate('train', { [dimension]: [value] }, 3)
          if (made.length === 0) find(`${dimension} "${value}" gave no items`)
          for (const item of made)
            if (!item.tags[dimension]?.includes(value)) find(`${dimension} "${value}" gave ${item.id} without it`)
        }
    },
  ),

  check(
    'its gold answers pass its own grader, played for real',
    'Play one item by hand: `gold` and `grade` disagree about what is right. No item is trained on while they do.',
    async (world, find) => {
      for (const item of world.items.train) {
        const { transcript, endState } = await playedGold(world, item, true)
        const { criteria, score } = await graded(world, item, transcript, endState)
        for (const [name, verdict] of Object.entries(criteria))
          if (verdict.status === 'fail' || verdict.status === 'ungraded') find(`${item.id} ${name}: ${verdict.reason}`)
        if (score < 0.999) find(`${item.id}: gold scores ${score}`)
      }
    },
  ),

  check(
    'its gold comes to an end within the steps that it allows',
    '`gold` returns undefined when the episode is over, and `begin` allows enough `maxSteps`.',
    async (world, find) => {
      const { plugin, definition } = world
      for (const item of world.items.dev) {
        const { transcript } = await playedGold(world, item)
        if (!transcript.some(({ role }) => role === 'assistant')) find(`${item.id}: gold says nothing`)
        const turns = transcript.filter(({ role }) => role === 'assistant').length
        const { maxSteps } = plugin.begin(item, definition)
        if (
          turns < maxSteps &&
          plugin.gold(item, transcript, definition) !== undefined &&
          transcript.at(-1)?.role === 'assistant'
        )
          find(`${item.id}: gold goes on after its last turn`)
      }
    },
  ),

  check(
    'every mistake can be made, is made alike for a seed, and fails the criterion that it names',
    '`apply` returns undefined where the item does not allow the mistake, else a turn that fails exactly the criterion in `fails` (a warning is no failure).',
    async (world, find) => {
      const golds: { item: ItemBase; gold: Transcript }[] = []
      for (const item of await world.generate('train', {}, 4 * world.items.train.length, 3))
        golds.push({ item, gold: (await playedGold(world, item)).transcript })
      for (const mistake of world.plugin.mistakes) {
        if (mistake.applies && !mistake.applies(world.definition)) continue
        let made = 0
        for (const { item, gold } of golds) {
          const applied = mistake.apply(item, gold, world.definition, 7)
          if (!applied) continue
          made += 1
          if (JSON.stringify(mistake.apply(item, gold, world.definition, 7)) !== JSON.stringify(applied))
            find(`${mistake.name} on ${item.id}: the same seed gave another turn`)
          if (gold[applied.at]?.role !== 'assistant') find(`${mistake.name} on ${item.id}: replaces no assistant turn`)
          const { criteria } = await graded(world, item, [...gold.slice(0, applied.at), applied.turn])
          const status = criteria[mistake.fails]?.status
          if (status !== 'fail')
            find(`${mistake.name} on ${item.id}: ${mistake.fails} is ${status}, with ${JSON.stringify(applied.turn)}`)
        }
        if (made === 0) find(`${mistake.name} could be made on no item`)
      }
    },
  ),

  check(
    'the oracle scores one, and random and silent students near nothing',
    'Let no criterion pass for saying nothing or for chance: use not-applicable where there is nothing to judge, or give such a criterion less weight.',
    async (world, find, figure) => {
      type Played = { readonly transcript: Transcript; readonly endState?: unknown }
      const mean = async (play: (item: ItemBase) => Promise<Played> | Played) => {
        const scores: number[] = []
        // one after the other: episodes of several steps share the one scratch folder
        for (const item of world.items.dev) {
          const { transcript, endState } = await play(item)
          scores.push((await graded(world, item, transcript, endState)).score)
        }
        return scores.reduce((sum, score) => sum + score, 0) / scores.length
      }
      const oracle = await mean((item) => playedGold(world, item))
      const random = await mean((item) => ({ transcript: transcriptOf(world, item, randomTurn(world, item)) }))
      const silent = await mean((item) => ({ transcript: transcriptOf(world, item, doNothing) }))
      figure(`oracle ${oracle.toFixed(2)} · random ${random.toFixed(2)} · silent ${silent.toFixed(2)}`)
      if (oracle < 0.999) find(`the oracle scores ${oracle.toFixed(3)}`)
      if (random > 0.3) find(`a random student scores ${random.toFixed(3)}`)
      if (silent > 0.05) find(`a student that says nothing scores ${silent.toFixed(3)}`)
      if (silent > random + 0.05) find('saying nothing scores above random answers')
    },
  ),

  check(
    'rubbish from a student is graded, by declared criteria and failure tags only',
    '`grade` reads replies as data: it caps their length, expects any JSON in arguments, and names only declared criteria and `failureTags`.',
    async (world, find) => {
      const names = criteriaOf(world).map(({ name }) => name)
      for (const item of world.items.dev.slice(0, 12))
        for (const [what, turn] of Object.entries(hostileTurns(world, item))) {
          const grade = await graded(world, item, transcriptOf(world, item, turn)).catch((error: unknown) => {
            find(`${what}: the grader threw ${messageOf(error)}`)
          })
          if (!grade) continue
          for (const name of Object.keys(grade.criteria))
            if (!names.includes(name)) find(`${what}: judged by ${name}, which no rubric has`)
          for (const tag of grade.failures)
            if (!world.plugin.failureTags.includes(tag)) find(`${what}: the failure tag ${tag} is not declared`)
          if (!(grade.score >= 0 && grade.score <= 1)) find(`${what}: the score is ${grade.score}`)
        }
    },
  ),
]
