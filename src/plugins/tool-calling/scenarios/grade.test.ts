import { beforeAll, describe, expect, test } from 'vitest'
import { playGold, playStudent } from '../../../core/episode.ts'
import { scriptedStudent } from '../../../core/student.ts'
import type { AssistantTurn, Transcript } from '../../../skill.ts'
import type { Definition } from '../definition.ts'
import { toolCalling } from '../index.ts'
import { quiet, scenariosOf, statuses } from '../test-support.ts'
import { scenarioMistakes } from './mistakes.ts'
import { goldTurn } from './play.ts'
import { isCall, type Scenario } from './scenario.ts'

let definition: Definition
beforeAll(async () => {
  const options = toolCalling.options.parse({ tools: { vault: true }, scenarios: { files: ['vault'] } })
  definition = await toolCalling.define(options, quiet)
})

const base = () => ({ plugin: toolCalling, definition, signal: quiet.signal, scratch: '.' })
const one = async (scenario: string): Promise<Scenario> =>
  (await scenariosOf(definition, 'train', 1, { scenario: [scenario] }))[0] as Scenario

/** Plays the gold but for what `change` gives instead, and grades it. */
const played = async (
  item: Scenario,
  change: (gold: AssistantTurn | undefined, soFar: Transcript) => AssistantTurn | undefined,
) => {
  const student = scriptedStudent((soFar) => {
    const gold = goldTurn(item, soFar, definition)
    return change(gold, soFar) ?? gold ?? { role: 'assistant', content: 'Done.' }
  })
  const { transcript, endState } = await playStudent(item, student, { ...base(), maxTokens: 200, seed: 1 })
  const grade = await toolCalling.grade(item, transcript, definition, { signal: quiet.signal, endState })
  return { transcript, ...grade, statuses: statuses(grade) }
}

const says = (content: string): AssistantTurn => ({ role: 'assistant', content })
const called = (turn: AssistantTurn | undefined) => turn?.toolCalls?.[0]?.name

describe('an episode', () => {
  test('that goes another way to the same end state reaches the goal, and its way is graded apart', async () => {
    const item = await one('file-by-tag')
    let looked = false
    const { statuses: found, failures } = await played(item, (gold) => {
      if (looked || !gold?.toolCalls) return undefined
      looked = true
      const [call] = gold.toolCalls
      if (!call) return undefined
      const { context } = call.arguments as { context: unknown }
      return { ...gold, toolCalls: [{ id: 'x', name: 'list_folder', arguments: { context, path: '' } }] }
    })
    expect(item.menu).toContain('list_folder')
    expect(found).toMatchObject({ goal: 'pass', right: 'pass', 'on-plan': 'fail', economical: 'fail' })
    expect(failures).toContain('needless-call')
  })

  test('that says the right thing and does nothing fails', async () => {
    const item = await one('file-by-tag')
    const last = item.plan.at(-1) as { say: string }
    expect((await played(item, () => says(last.say))).statuses).toMatchObject({ right: 'fail', goal: 'fail' })
  })

  test('whose last words lack the answer fails, though the end state is right', async () => {
    const item = await one('look-up')
    const { failures } = await played(item, (gold) => (gold && !gold.toolCalls ? says('I found it.') : undefined))
    expect(failures).toContain('wrong-answer')
  })

  test('that destroys before a look is rash, and keeps what should stay', async () => {
    const item = await one('keep-open')
    expect(item.plan.some((step) => isCall(step) && step.destroys)).toBe(false)
    const { statuses: found } = await played(item, (gold) => {
      const [call] = gold?.toolCalls ?? []
      return call?.name === 'read_note'
        ? { role: 'assistant', content: '', toolCalls: [{ ...call, name: 'delete_note' }] }
        : undefined
    })
    expect(found).toMatchObject({ right: 'fail', goal: 'fail' })
  })

  test('in which the user is asked gets the answer and goes on by it', async () => {
    const { transcript, statuses: found } = await played(await one('which-one'), () => undefined)
    expect(transcript.map(({ role }) => role)).toEqual(
      'system user assistant tool assistant user assistant tool assistant'.split(' '),
    )
    expect(found).toMatchObject({ 'asks-back': 'pass', verifies: 'pass', right: 'pass' })
  })

  test('of a student that never ends is over after the spare turns', async () => {
    const item = await one('file-by-tag')
    const { transcript, statuses: found } = await played(item, () => {
      const gold = goldTurn(item, [], definition)
      return gold
    })
    expect(transcript.filter(({ role }) => role === 'assistant')).toHaveLength(item.plan.length + 3)
    expect(found).toMatchObject({ answers: 'fail', right: 'fail', economical: 'fail' })
  })

  test.each([
    ['wrong-place', 'not found', 'read_note'],
    ['locked-folder', 'permission', 'append_note'],
    ['tag-rule', 'invalid argument', 'tag_note'],
    ['slow-search', 'time-out', 'search_notes'],
  ])('%s meets a refusal (%s), and repeating it is no recovery', async (scenario, says_, tool) => {
    const item = await one(scenario)
    const gold = await playGold(item, base())
    const error = gold.transcript.find((message) => message.role === 'tool' && message.isError)
    expect(error?.content.toLowerCase()).toContain(says_)
    let first: AssistantTurn | undefined
    const { statuses: found, failures } = await played(item, (turn) => {
      first ??= turn
      return called(turn) === undefined ? undefined : first
    })
    expect(called(first)).toBe(tool)
    expect(found).toMatchObject({ recovers: 'fail', right: 'fail' })
    expect(failures).toContain('repeated-failed-call')
  })

  test('two refused calls in turn are no recovery either', async () => {
    const item = await one('locked-folder')
    let first: AssistantTurn | undefined
    let turns = 0
    const { statuses: found, failures } = await played(item, (turn) => {
      first ??= turn
      const [call] = first?.toolCalls ?? []
      turns += 1
      if (!first || !call || turns > 4) return undefined
      const inOtherWords = { ...call, arguments: { ...(call.arguments as object), text: 'in other words' } }
      return turns % 2 === 1 ? first : { ...first, toolCalls: [inOtherWords] }
    })
    expect(found).toMatchObject({ recovers: 'fail' })
    expect(failures).toContain('repeated-failed-call')
  })

  test('whose call names what nothing suggests is tagged as ungrounded', async () => {
    const item = await one('wrong-place')
    const { failures } = await played(item, (gold, soFar) => {
      const [call] = gold?.toolCalls ?? []
      if (!call || soFar.length > 2) return undefined
      const args = call.arguments as object
      return { role: 'assistant', content: '', toolCalls: [{ ...call, arguments: { ...args, path: 'Qqq/zzz.md' } }] }
    })
    expect(failures).toContain('ungrounded-argument')
  })

  test.each([
    ['an empty memory', { sessionMemory: ' ' }, 'sessionMemory is empty'],
    ['another session', { sessionId: 'default' }, 'not the one of the session'],
    ['a copied field', { subgoal: 'x', toolContext: 'X ' }, 'copied'],
    ['a memory that says nothing', { sessionMemory: 'ok' }, 'next to nothing'],
  ])('with %s in a context does not keep it', async (_, wrong, reason) => {
    const { criteria } = await played(await one('file-by-tag'), (gold) => {
      const [call] = gold?.toolCalls ?? []
      if (!call) return undefined
      const args = call.arguments as { context: object }
      return { ...says(''), toolCalls: [{ ...call, arguments: { ...args, context: { ...args.context, ...wrong } } }] }
    })
    expect(criteria['keeps-context']).toMatchObject({ status: 'fail', reason: expect.stringContaining(reason) })
  })
})

test.each(scenarioMistakes.map((mistake) => [mistake.name, mistake] as const))(
  'the mistake %s fails what it names, and the gold of the same moment does not',
  async (_, mistake) => {
    let made = 0
    for (const item of await scenariosOf(definition, 'train', 60)) {
      const { transcript } = await playGold(item, base())
      const applied = mistake.apply(item, transcript, definition, 3)
      if (!applied) continue
      made += 1
      const status = async (turn: AssistantTurn) =>
        (
          await toolCalling.grade(item, [...transcript.slice(0, applied.at), turn], definition, {
            signal: quiet.signal,
          })
        ).criteria[mistake.fails]?.status
      expect(await status(applied.turn)).toBe('fail')
      expect(await status(transcript[applied.at] as AssistantTurn)).not.toBe('fail')
    }
    expect(made).toBeGreaterThan(0)
  },
)
