// node scripts/new-skills.mjs [KIND ...] [--set KEY=VALUE ...] [--keep]     a new skill of each kind, from nothing to a trained student
//
// What a stranger does, in a clean folder outside of the repository and with nothing edited: whet plugin new, npm install, npm test,
// npx whet plugin check, npx whet run (the real student: minutes a kind). Ends with a table of what each step took and what was learned;
// exits with 1 where a step failed. --set goes to the run, as in --set student.base=FOLDER; --keep leaves the folder where it is.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const root = path.join(import.meta.dirname, '..')
const known = ['declarative', 'tool-calling', 'essay-style', 'agentic-search']
const usage = () => {
  console.error(
    `node scripts/new-skills.mjs [KIND ...] [--set KEY=VALUE ...] [--keep]\n  KIND: ${known.join(', ')}; all by default`,
  )
  process.exit(2)
}

const [wanted, set] = [[], []]
const words = process.argv.slice(2)
for (let at = 0; at < words.length; at += 1) {
  if (words[at] === '--keep') continue
  if (words[at] === '--set' && words[at + 1]) set.push('--set', words[++at])
  else if (known.includes(words[at])) wanted.push(words[at])
  else usage()
}
const cli = path.join(root, 'dist', 'cli', 'main.js')
if (!existsSync(cli)) {
  console.error('There is no dist/: run `npm run build` first.')
  process.exit(3)
}

const clean = mkdtempSync(path.join(tmpdir(), 'whet-new-skills-'))
process.on('exit', () =>
  words.includes('--keep') ? console.log(`left in ${clean}`) : rmSync(clean, { recursive: true, force: true }),
)

/** One step; what it tells of its progress goes to the terminal. @returns seconds and what it printed */
const step = (title, command, args, cwd) => {
  console.error(`\n${title}`)
  const started = performance.now()
  const { status, stdout, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1e9,
  })
  const seconds = (performance.now() - started) / 1000
  if (status === 0) return { seconds, stdout }
  console.error(
    `${title}: failed${error ? ` (${error.message})` : ` with exit code ${status}`}\n${stdout?.slice(-4000) ?? ''}`,
  )
  return undefined
}

const percent = (rate) => (rate === undefined ? '' : `${(100 * rate).toFixed(1)} %`)

/** The whole way of one kind. @returns its row of the table; undefined where a step failed */
const tryKind = (kind) => {
  const name = `new-${kind}`
  const folder = path.join(clean, name)
  const made = step(
    `${kind}: whet plugin new ${name} --like ${kind}`,
    process.execPath,
    [cli, 'plugin', 'new', name, '--like', kind],
    clean,
  )
  const installed = made && step(`${kind}: npm install`, 'npm', ['install', '--no-audit', '--no-fund'], folder)
  const tested = installed && step(`${kind}: npm test`, 'npm', ['test'], folder)
  const checked = tested && step(`${kind}: npx whet plugin check`, 'npx', ['whet', 'plugin', 'check', '--json'], folder)
  const ran =
    checked && step(`${kind}: npx whet run ${set.join(' ')}`, 'npx', ['whet', 'run', '--json', ...set], folder)
  if (!ran) return undefined
  const { passed, failed, advised } = JSON.parse(checked.stdout)
  const { status, best, targets, targetsMet, spent } = JSON.parse(ran.stdout)
  if (status !== 'finished') return void console.error(`${kind}: the run ended as ${status}`)
  const [first] = targets
  return {
    kind,
    'install s': Math.round(installed.seconds),
    'test s': Math.round(tested.seconds),
    tests:
      /Tests\s+(.*)/.exec(tested.stdout.replace(new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g'), ''))?.[1] ?? '',
    check: `${passed} passed, ${failed} failed, ${advised} advised`,
    'run min': (ran.seconds / 60).toFixed(1),
    rows: spent.rows,
    target: first?.of ?? '',
    base: percent(first?.base?.rate),
    best: percent(first?.best?.rate),
    'best round': best,
    'all targets': targetsMet ? 'met' : 'not met',
  }
}

const rows = (wanted.length > 0 ? wanted : known).map(tryKind)
console.table(rows.filter(Boolean))
process.exitCode = rows.every(Boolean) ? 0 : 1
