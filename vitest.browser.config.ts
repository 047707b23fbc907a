import { defineConfig } from 'vitest/config'

/** Tests in a real browser: apart from `npm test`, since they need a Chromium on the machine (tests/browser/chromium.ts says where). */
export default defineConfig({
  test: {
    include: ['tests/browser/**/*.browser.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    maxWorkers: 1,
    fileParallelism: false,
  },
})
