import type { LimitFunction } from 'p-limit'
import type { OpenStudent, Students } from './deps.ts'

/** Students that wait for their turn: from `open` to `close` one holds a place of `limit`. Several servers on one machine slow each other down. */
export const inTurn = (students: Students, limit: LimitFunction): Students => ({
  base: (signal) => students.base(signal),
  open: (of, signal) =>
    new Promise<OpenStudent>((resolve, reject) => {
      const held = () =>
        new Promise<void>((done) => {
          const opened = signal.aborted ? Promise.reject(signal.reason) : students.open(of, signal)
          opened.then(
            ({ student, close }) => resolve({ student, close: () => close().finally(done) }),
            (error) => {
              done()
              reject(error)
            },
          )
        })
      void limit(held)
    }),
})
