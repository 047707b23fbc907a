import { expect, test } from 'vitest'
import { readJson, readJsonl } from '../../src/core/jsonl.ts'
import type { RoundSummary } from '../../src/core/round.ts'
import type { RunFiles } from '../../src/core/workspace.ts'
import type { SftRow } from '../../src/graph/check-items.ts'
import type { EditedItem } from '../../src/graph/edit-item.ts'
import { answers, type Script, steered } from '../support/steered.ts'
import { type ToyItem, toySkill } from '../support/toy.ts'

const itemsOf = async (files: RunFiles, round = 1) => (await readJsonl<ToyItem>(files.round(round).items)).rows
const rowsOf = async (files: RunFiles, file: 'sft' | 'accepted', item: string) =>
  (await readJsonl<SftRow>(files.round(1)[file])).rows.filter(({ id }) => id.startsWith(`${item}#`))

/** A run that waits before its training of round 1: one order, or several, then it goes on. It is stopped before round 2. */
const reviewed = (
  give: (order: Parameters<Script>[1], items: ToyItem[], files: RunFiles) => unknown,
  plugin = toySkill(),
) =>
  steered(
    async (event, order, files) => {
      if (event.type !== 'approval.requested') return
      if (event.round === 2) return order('stop')
      await give(order, await itemsOf(files), files)
      order('approve')
    },
    'approve: before-train',
    undefined,
    plugin,
  )

test('an edited item is trained as it was edited, and its rows, the log and the summary say by whom', async () => {
  let [edited, answer] = ['', '']
  const { events, files } = await reviewed((order, [item]) => {
    edited = item!.id
    answer = item!.answer
    order('edit', { item: edited, fields: { request: 'kindly do the thing with the word' } })
  })
  expect(answers(events)[0]).toBe(`edit: "${edited}" passes validation with its new request`)
  for (const file of ['sft', 'accepted'] as const)
    expect(await rowsOf(files, file, edited)).toMatchObject([
      {
        prompt: [{ content: 'kindly do the thing with the word' }],
        completion: [{ content: answer }],
        editedBy: 'test',
      },
    ])
  expect((await itemsOf(files)).find(({ id }) => id === edited)?.request).toBe('kindly do the thing with the word')
  expect((await readJsonl<EditedItem>(files.round(1).edited)).rows).toMatchObject([
    { id: edited, by: 'test', changed: [{ field: 'request', after: 'kindly do the thing with the word' }] },
  ])
  expect(events.find(({ type }) => type === 'item.edited')?.data).toMatchObject({
    by: 'test',
    item: edited,
    fields: ['request'],
  })
  expect((await readJson<RoundSummary>(files.round(1).summary))?.rows).toMatchObject({ trained: 40, edited: 1 })
})

test('what makes no item of the skill is refused with the reason, and nothing changes', async () => {
  let before: ToyItem[] = []
  const { events, files } = await reviewed(async (order, items, files) => {
    before = items
    const item = items[0]!.id
    const leaked = (await readJsonl<ToyItem>(files.split('gate'))).rows[0]!.request
    order('edit', { item, fields: { answer: 7 } })
    order('edit', { item, fields: { answre: 'x' } })
    order('edit', { item, fields: { request: null } })
    order('edit', { item, fields: { id: 'another' } })
    order('edit', { item, fields: { family: 'another' } })
    order('edit', { item, fields: { tags: { kind: ['lout'] } } })
    order('edit', { item, fields: { request: leaked } })
    order('edit', { item, fields: { request: items[0]!.request } })
    order('edit', { item: '../../run.sqlite', fields: { request: 'x' } })
  })
  const reasons = [
    /answer: /,
    /no field "answre"/,
    /request: /,
    /id cannot change/,
    /family cannot change/,
    /Did you mean "loud"/,
    /too near to an evaluation item/,
    /is as it was/,
    /no item of this round is called/,
  ]
  const said = answers(events)
  for (const [at, reason] of reasons.entries()) expect(said[at]).toMatch(new RegExp(`^not edited: .*${reason.source}`))
  expect(await itemsOf(files)).toEqual(before)
  expect((await readJsonl(files.round(1).edited)).rows).toEqual([])
})

/** The toy skill whose grader wants words of one kind only. */
const strictSkill = () => {
  const toy = toySkill()
  const grade: typeof toy.grade = async (item, transcript, definition, context) => {
    const graded = await toy.grade(item, transcript, definition, context)
    const bad = (item as ToyItem).answer.includes('!')
    const right = { status: 'fail', score: 0, reason: 'an answer does not shout' } as const
    return bad ? { ...graded, criteria: { ...graded.criteria, right } } : graded
  }
  return { ...toy, grade }
}

test('an edit whose right answer fails its own grader is refused; the approval behind it waits for it', async () => {
  let item = ''
  const { events, files } = await reviewed((order, items) => {
    item = items[0]!.id
    order('edit', { item, fields: { answer: 'bad!' } })
    order('edit', { item, fields: { answer: 'good' } })
  }, strictSkill())
  expect(answers(events).slice(0, 3)).toEqual([
    'not edited: right: an answer does not shout',
    `edit: "${item}" passes validation with its new answer`,
    'approve',
  ])
  expect(await rowsOf(files, 'sft', item)).toMatchObject([{ completion: [{ content: 'good' }] }])
})

test('an item that was rejected is trained once a person has mended it, and the counts follow', async () => {
  let item = ''
  const toy = strictSkill()
  const generate: typeof toy.generate = async function* (spec, definition, context) {
    let first = true
    for await (const each of toy.generate(spec, definition, context)) {
      const broken = first && spec.split === 'train'
      yield broken ? ({ ...each, answer: 'bad!' } as typeof each) : each
      first = false
    }
  }
  const { files } = await reviewed(
    (order, items) => {
      item = items.find(({ answer }) => answer === 'bad!')!.id
      order('edit', { item, fields: { answer: 'mended' } })
    },
    { ...toy, generate },
  )
  expect((await readJsonl(files.round(1).rejected)).rows).toEqual([])
  expect(await rowsOf(files, 'sft', item)).toMatchObject([{ completion: [{ content: 'mended' }], editedBy: 'test' }])
  expect((await readJson<RoundSummary>(files.round(1).summary))?.rows).toMatchObject({
    rejected: 0,
    accepted: 40,
    trained: 40,
  })
})

test('where nothing waits for its training, an edit is refused', async () => {
  const { events } = await steered((event, order) => {
    if (event.type !== 'approval.requested') return
    order('edit', { item: 'x', fields: {} })
    order('stop')
  })
  expect(answers(events)[0]).toMatch(/^not edited: items are changed while a run waits before their training/)
})
