// npm test: the TypeScript suites (vitest) and the trainers' (pytest, in the project's own Python environment).
// The last line is the sum of all: `N passed, N failed`. Exits with 1 where any failed, or where a suite did not run.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { register } from 'tsx/esm/api'

register()

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const results = mkdtempSync(path.join(tmpdir(), 'whetstone-test-'))
process.on('exit', () => rmSync(results, { recursive: true, force: true }))

const run = (command, args, env = process.env) =>
  new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env, stdio: 'inherit' })
    child.on('error', () => resolve(127))
    child.on('close', (code) => resolve(code ?? 1))
  })

/** What a suite came to. A suite that broke without a failed test to show for it counts as one failure. */
const outcome = (name, code, read) => {
  try {
    const counts = read()
    if (code !== 0 && counts.failed === 0) {
      console.error(`${name} ended with exit code ${code} though no test failed: its output above says why`)
      return { ...counts, failed: 1 }
    }
    return counts
  } catch (error) {
    console.error(`${name} did not run to its end (exit code ${code}): ${error.message}`)
    return { passed: 0, failed: 1, skipped: 0 }
  }
}

const vitest = async () => {
  const file = path.join(results, 'vitest.json')
  const bin = path.join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const code = await run(process.execPath, [bin, 'run', ...reporters])
  return outcome('vitest', code, () => {
    const report = JSON.parse(readFileSync(file, 'utf8'))
    // a file that cannot be loaded has no tests to count
    const broken = report.testResults.filter((each) => each.status === 'failed' && each.assertionResults.length === 0)
    return {
      passed: report.numPassedTests,
      failed: report.numFailedTests + broken.length,
      skipped: report.numPendingTests + report.numTodoTests,
    }
  })
}

const pytest = async (environment) => {
  if (!environment) return { passed: 0, failed: 1, skipped: 0 }
  const file = path.join(results, 'pytest.xml')
  // two at once, each with one thread: most of a trainer's test is one process that loads its libraries
  const workers = ['-n', '2', '--dist', 'loadfile']
  const args = [
    '-m',
    'pytest',
    path.join('trainers', 'tests'),
    '-q',
    '-p',
    'no:cacheprovider',
    ...workers,
    `--junitxml=${file}`,
  ]
  const code = await run(environment.python, args, {
    ...environment.env,
    PYTHONDONTWRITEBYTECODE: '1',
    OMP_NUM_THREADS: '1',
  })
  return outcome('pytest', code, () => {
    const totals = { tests: 0, failures: 0, errors: 0, skipped: 0 }
    for (const [, attributes] of readFileSync(file, 'utf8').matchAll(/<testsuite\s([^>]*)>/g))
      for (const key of Object.keys(totals)) totals[key] += Number(new RegExp(`\\b${key}="(\\d+)"`).exec(attributes)[1])
    const failed = totals.failures + totals.errors
    return { passed: totals.tests - failed - totals.skipped, failed, skipped: totals.skipped }
  })
}

/** Made before any test runs: some of vitest's tests train and serve for real, and none should wait for downloads. */
const prepare = async () => {
  try {
    const { pythonEnv } = await import('../src/core/python.ts')
    const { pythonEnvironment } = await import('../src/core/python-run.ts')
    const { python } = await pythonEnv({ onProgress: (line) => console.error(line) })
    return { python, env: pythonEnvironment() }
  } catch (error) {
    console.error(`The Python environment could not be made: ${error.message}`)
    return undefined
  }
}

const environment = await prepare()
const suites = [await vitest(), await pytest(environment)]
const sum = (key) => suites.reduce((total, suite) => total + suite[key], 0)
const skipped = sum('skipped') > 0 ? `, ${sum('skipped')} skipped` : ''
console.log(`${sum('passed')} passed, ${sum('failed')} failed${skipped}`)
process.exitCode = sum('failed') > 0 ? 1 : 0
