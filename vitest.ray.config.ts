import { defineConfig } from 'vitest/config'

/** Tests on a real Ray cluster of local processes: apart from `npm test`, since they install Ray (200 MB) first. */
export default defineConfig({
  test: {
    include: ['tests/ray/**/*.ray.ts'],
    testTimeout: 900_000,
    hookTimeout: 900_000,
    maxWorkers: 1,
    fileParallelism: false,
    env: { OMP_NUM_THREADS: '1' },
  },
})
