import { hostOf } from '../../src/commands/host.ts'
import { type Call, perform, type Question } from '../../src/commands/remote.ts'
import { folder, makeRun } from '../cli-fixture.ts'

const never = () => {
  throw new Error('nothing may be started here')
}

/** A finished run of three rounds, and the registry as chat, MCP and browser have it. */
export const remoteWorld = async () => {
  const dir = await folder()
  const files = await makeRun(
    dir,
    'four',
    [0, 1, 1, 1].map((best) => ({ call: 2, ask: 2, best })),
  )
  const host = hostOf(dir, '.whetstone', never)
  const ask = (name: string, args: unknown, more: Partial<Call> = {}) =>
    perform(host, { name, args, by: 'test', signal: new AbortController().signal, ...more })
  const code = (name: string, args: unknown, more: Partial<Call> = {}) =>
    ask(name, args, more).then(
      () => 'done',
      (error: { code: string }) => error.code,
    )
  const question = async (name: string, args: unknown, more: Partial<Call> = {}): Promise<Question> => {
    const answer = await ask(name, args, more)
    if (answer.kind !== 'confirm') throw new Error('not asked')
    return answer.confirm
  }
  return { dir, files, ask, code, question }
}
