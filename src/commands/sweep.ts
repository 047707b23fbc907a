import type { LoadedConfig } from '../core/config.ts'
import { isWhetError, WhetError } from '../core/errors.ts'
import type { SweepArm } from '../graph/experiment.ts'
import { splitOnce } from './inputs.ts'

const mostArms = 64
/** What arms may differ in: all of them have the same items, the same student to go on from and the same gate. */
const swept = /^(train\.[\w.]+|loop\.(rows|replay|uniform|maxShare))$/

/**
 * `train.sft.rank=8,16` and further such texts as a grid: one arm for each combination, in the order of typing.
 * @param configWith refuses a value that the config does not take
 * @throws {WhetError} bad-sweep, before anything is begun
 */
export const sweepOf = (
  texts: readonly string[],
  configWith: (overrides: readonly string[]) => LoadedConfig,
): SweepArm[] => {
  const axes = texts.map(axisOf)
  const keys = axes.map(({ key }) => key)
  const twice = keys.find((key, at) => keys.indexOf(key) !== at)
  if (twice !== undefined) throw badSweep(`${twice} is given twice. Write all its values in one --sweep, with commas`)
  const count = axes.reduce((product, { values }) => product * values.length, 1)
  if (count > mostArms)
    throw badSweep(`that makes ${count} arms, and ${mostArms} are the most. Sweep fewer values at once`)
  const grid = axes.reduce<string[][]>(
    (rows, { key, values }) => rows.flatMap((row) => values.map((value) => [...row, `${key}=${value}`])),
    [[]],
  )
  for (const set of grid) checked(set, configWith)
  return grid.map((set) => ({ arm: set.join(' '), set }))
}

const axisOf = (text: string): { key: string; values: string[] } => {
  const [key = '', list] = splitOnce(text, '=')
  if (list === undefined || !key) throw badSweep(`${JSON.stringify(text)} is no sweep. Write KEY=VALUE,VALUE`)
  if (!swept.test(key))
    throw badSweep(
      `${JSON.stringify(key)} cannot be swept. Arms share items, gate and the student that they go on from, so they may differ in train.* and loop.rows, replay, uniform and maxShare; seeds are --seeds`,
    )
  const values = list.split(',').map((value) => value.trim())
  if (values.length < 2 || values.includes('')) throw badSweep(`${JSON.stringify(text)} needs two values or more`)
  const twice = values.find((value, at) => values.indexOf(value) !== at)
  if (twice !== undefined) throw badSweep(`${key} has the value ${twice} twice`)
  return { key, values }
}

const checked = (set: readonly string[], configWith: (overrides: readonly string[]) => LoadedConfig): void => {
  try {
    configWith(set)
  } catch (error) {
    if (!isWhetError(error)) throw error
    const [problem] = (error.data.problems ?? []) as readonly { readonly message: string }[]
    throw badSweep(`the config does not take ${set.join(' ')}: ${problem?.message ?? error.message}`, error)
  }
}

const badSweep = (why: string, cause?: unknown) =>
  new WhetError({
    code: 'bad-sweep',
    message: `--sweep: ${why}. For example --sweep train.sft.learningRate=0.0005,0.001 --sweep train.sft.rank=8,16.`,
    fixedBy: 'config',
    exit: 2,
    cause,
  })
