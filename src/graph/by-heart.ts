import pLimit from 'p-limit'
import { seedFrom } from '../core/random.ts'
import type { Deps, OpenStudent } from './deps.ts'

/**
 * The untouched student, asked without tools and at temperature 0: what it knows by heart is no question to look up. It is served
 * from the first request on; `close` always runs.
 */
export const openByHeart = ({
  students,
  files,
  config,
  signal,
}: Pick<Deps, 'students' | 'files' | 'config' | 'signal'>) => {
  let open: Promise<OpenStudent> | undefined
  return {
    async ask(requests: readonly string[]): Promise<string[]> {
      open ??= students.open({ adapter: null, model: files.round(0).model }, signal)
      const { student } = await open
      const limit = pLimit(config.student.slots)
      const reply = async (content: string) => {
        const options = { signal, maxTokens: config.student.maxReplyTokens, seed: seedFrom(config.seed, content) }
        return (await student.reply([{ role: 'user', content }], [], options)).turn.content
      }
      return Promise.all(requests.map((request) => limit(reply, request)))
    },
    async close(): Promise<void> {
      const served = await open?.catch(() => undefined)
      await served?.close()
    },
  }
}
