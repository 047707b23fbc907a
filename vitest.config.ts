import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'tests/**/*.test.ts'],
    testTimeout: 30_000,
    // two cores: more workers only make the real servers and trainers slower
    maxWorkers: 2,
  },
})
