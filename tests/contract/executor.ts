/** What every executor must hold to, with the scripted trainer and with real ones. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isRunning } from '../../src/core/process-identity.ts'
import type { TrainEvent, TrainJob, TrainOptions } from '../../src/core/trainer.ts'
import { type ExecutorSpec, trainerOf } from '../support/executors.ts'

export interface ExecutorSuite {
  /** Called inside the tests, so that it may need what beforeAll made. */
  executor(): ExecutorSpec
  /** The process that trains; known once a step was told. The lock of the job's own folder tells it, unless told otherwise. */
  trainer?(job: TrainJob): number
  /** `brief` ends by itself in a moment; `long` has at least 6 steps and time to be caught between two of them; `wrong` is refused. */
  job(out: string, variant: 'brief' | 'long' | 'wrong'): TrainJob
  readonly timeoutMs?: number // for one test
}

const runner = fileURLToPath(new URL('../support/run-trainer.ts', import.meta.url))

export const executorContract = (name: string, suite: ExecutorSuite): void => {
  describe(`${name} keeps the executor contract`, { timeout: suite.timeoutMs ?? 30_000 }, () => {
    let out: string
    beforeEach(() => {
      out = join(mkdtempSync(join(tmpdir(), 'whet-train-')), 'train')
    })
    afterEach(() => rmSync(join(out, '..'), { recursive: true, force: true }))

    const run = (variant: 'brief' | 'long' | 'wrong', options: Partial<TrainOptions> = {}) => {
      const events: TrainEvent[] = []
      const starts: boolean[] = []
      const done = trainerOf(suite.executor()).run(suite.job(out, variant), {
        signal: new AbortController().signal,
        ...options,
        onStart: (start) => {
          starts.push(start.adopted)
          options.onStart?.(start)
        },
        onEvent: (event) => {
          events.push(event)
          options.onEvent?.(event)
        },
      })
      return { done, events, starts }
    }
    const ownLock = ({ out }: TrainJob) => Number(readFileSync(join(out, 'lock'), 'utf8'))
    const trainer = () => (suite.trainer ?? ownLock)(suite.job(out, 'long'))
    const everyStepOnce = (events: readonly TrainEvent[]) =>
      expect(events.map(({ step }) => step)).toEqual(Array.from({ length: events[0]!.of }, (_, index) => index + 1))

    test('leaves an adapter, tells every step once, and says what it did', async () => {
      const { done, events, starts } = run('brief')
      const result = await done
      expect(statSync(result.adapter).isDirectory()).toBe(true)
      expect(result).toMatchObject({ steps: events.length, tokens: events.at(-1)!.tokens })
      expect(result.finalLoss).toBeTypeOf('number')
      expect(starts).toEqual([false])
      everyStepOnce(events)
    })

    test('a wrong job is refused with what is wrong', async () => {
      await expect(run('wrong').done).rejects.toMatchObject({ code: 'trainer-job-wrong', exit: 2 })
    })

    test('stopped, it leaves with a checkpoint, and goes on from there', async () => {
      const abort = new AbortController()
      let first = 0
      const stopped = run('long', {
        signal: abort.signal,
        onEvent: ({ step }) => {
          if (step !== 3) return
          first = trainer()
          abort.abort(new Error('pause'))
        },
      })
      await expect(stopped.done).rejects.toThrow('pause')
      expect(isRunning(first, undefined)).toBe(false)
      const resumed = run('long')
      expect((await resumed.done).steps).toBe(resumed.events[0]!.of)
      everyStepOnce(resumed.events)
    })

    test('killed, it is started again and finishes every step', async () => {
      let killed = false
      const { done, events } = run('long', {
        onEvent: ({ step }) => {
          if (step < 3 || killed) return
          killed = true
          process.kill(trainer(), 'SIGKILL')
        },
      })
      expect((await done).steps).toBe(events[0]!.of)
      everyStepOnce(events)
    })

    test('when its parent is killed it trains on, and the next parent adopts it', async () => {
      const parent = execa(
        process.execPath,
        ['--import', 'tsx', runner, JSON.stringify({ executor: suite.executor(), job: suite.job(out, 'long') })],
        { reject: false, buffer: false },
      )
      for await (const line of parent.iterable()) if (JSON.parse(line).step === 2) parent.kill('SIGKILL')
      const first = trainer()
      let adopted = 0
      const next = run('long', {
        onStart: () => {
          adopted = trainer()
        },
      })
      expect((await next.done).steps).toBe(next.events[0]!.of)
      expect(next.starts).toEqual([true])
      expect(adopted).toBe(first)
      everyStepOnce(next.events)
    })
  })
}
