import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import type { Deps } from './deps.ts'
import { BudgetSpent, runStage } from './stage.ts'
import { parseState } from './state.ts'

const late = {
  config: { budget: { minutes: 25, diskGb: 10 }, approve: 'never' },
  files: { dir: `${tmpdir()}/no-such-run` },
  signal: new AbortController().signal,
  minutes: () => 26,
  emit: () => {},
} as unknown as Deps

const enter = (name: string, round: number) => runStage(name, async () => ({}), parseState({ round }), late)

test.each(['generate', 'validate', 'train'])('past its minutes a run does not begin to %s', async (stage) => {
  await expect(enter(stage, 1)).rejects.toThrow(BudgetSpent)
})

test.each(['evaluate', 'gate', 'analyze'])(
  'a trained student gets its %s though the minutes are spent',
  async (stage) => {
    await expect(enter(stage, 1)).resolves.toEqual({})
  },
)

test('the untouched student is not measured past the minutes: nothing was trained that could be lost', async () => {
  await expect(enter('evaluate', 0)).rejects.toThrow(BudgetSpent)
})
