import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Suites with the product's own trainers and servers, the longest first: begun last, one would go on alone beside an idle worker. */
const long = [
  'tests/graph/kill-real',
  'tests/contract/trainer-sft',
  'tests/publish-real',
  'tests/graph/kill.',
  'tests/contract/trainer-grpo',
  'tests/contract/executor-ray',
  'tests/contract/plugin.',
]

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const at = long.findIndex((name) => moduleId.replaceAll('\\', '/').includes(name))
      return at < 0 ? long.length : at
    }
    return (await super.sort(files)).sort((a, b) => place(a) - place(b))
  }
}

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'tests/**/*.test.ts'],
    testTimeout: 60_000,
    // two cores: more workers only make the real servers and trainers slower
    maxWorkers: 2,
    sequence: { sequencer: LongFirst },
    // the trainers of two suites at once: with a thread for each core, each waits for the other's (seen: 2.2 times the time)
    env: { OMP_NUM_THREADS: '1' },
  },
})
