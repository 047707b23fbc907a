import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'tests/**/*.test.ts'],
    testTimeout: 60_000,
    // two cores: more workers only make the real servers and trainers slower
    maxWorkers: 2,
    // the trainers of two suites at once: with a thread for each core, each waits for the other's (seen: 2.2 times the time)
    env: { OMP_NUM_THREADS: '1' },
  },
})
