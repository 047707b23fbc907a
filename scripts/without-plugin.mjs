// node scripts/without-plugin.mjs NAME [--full]     proves that a built-in skill can be taken out
//
// Copies the repository to a temporary folder, removes src/plugins/NAME with its lines, and what belongs to it alone (commands, pages,
// benches and tests that import it), then builds and tests the rest. Nothing of core, graph, cli or the surface may belong to it.
// Without --full the suites stay out that train or serve for real: they know a toy skill only.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const [name = '', mode] = process.argv.slice(2)
const fail = (why) => {
  console.error(why)
  process.exit(1)
}
if (!existsSync(path.join(root, 'src', 'plugins', name, 'index.ts')) || name === '')
  fail(`there is no plugin ${JSON.stringify(name)}`)

const copy = mkdtempSync(path.join(tmpdir(), 'whet-without-'))
process.on('exit', () => rmSync(copy, { recursive: true, force: true }))

const tracked = spawnSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' }).stdout
for (const file of tracked.trim().split('\n'))
  if (existsSync(path.join(root, file))) cpSync(path.join(root, file), path.join(copy, file))
symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'))
rmSync(path.join(copy, 'src', 'plugins', name), { recursive: true })

const read = (file) => readFileSync(path.join(copy, file), 'utf8')
const edit = (file, change) => writeFileSync(path.join(copy, file), change(read(file)))

/** Its imports, its entry in the record, and any line that uses what was imported. */
edit('src/plugins/index.ts', (text) => {
  const symbols = [...text.matchAll(new RegExp(`import \\{ (\\w+) \\} from '\\./${name}/`, 'g'))].map(
    ([, symbol]) => symbol,
  )
  if (symbols.length === 0) fail(`src/plugins/index.ts imports nothing from ${name}`)
  return text
    .split('\n')
    .filter((line) => !new RegExp(`\\b(${symbols.join('|')})\\b`).test(line))
    .join('\n')
})

const sources = () =>
  readdirSync(copy, { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\.(ts|mts|mjs)$/.test(file) && !/^(node_modules|dist|templates)/.test(file),
  )
const missing = (file, text) =>
  [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)]
    .map(([, specifier]) => specifier)
    .filter((specifier) => !existsSync(path.join(copy, path.dirname(file), specifier)))

const belongs = []
for (let again = true; again; ) {
  again = false
  for (const file of sources()) {
    const gone = missing(file, read(file))
    if (gone.length === 0) continue
    again = true
    if (file.replaceAll('\\', '/').startsWith('src/commands/registry/'))
      // the entries that load a command of this skill
      edit(file, (text) =>
        gone.reduce(
          (rest, at) =>
            rest.replace(
              new RegExp(
                `\\n {2}(?:'[^'\\n]+'|\\w+): \\{(?:(?!\\n {2}\\}).)*?${at.replace(/[.]/g, '\\.')}.*?\\n {2}\\},`,
                's',
              ),
              '',
            ),
          text,
        ),
      )
    else if (/^src\/(core|graph|cli|testing|skill|index|plugins\/index)/.test(file) || /^scripts\/test/.test(file))
      fail(`${file} cannot do without ${name}: it imports ${gone.join(', ')}`)
    else {
      belongs.push(file)
      rmSync(path.join(copy, file))
    }
  }
}

/** Tests that are about the skill by its name, and those of the documentation, which tells of every skill. */
const about = sources().filter(
  (file) =>
    /^(tests|src)\/.*\.test\.ts$/.test(file) &&
    file !== 'tests/contract/plugin.test.ts' &&
    (file.includes(name) ||
      read(file).includes(`'${name}'`) ||
      read(file).includes(`skill: ${name}`) ||
      /^tests\/docs/.test(file)),
)
console.log(`without ${name}: ${belongs.length} files belong to it (${belongs.join(', ') || 'none'})`)
console.log(`tests about it that are left out: ${about.join(', ') || 'none'}`)

const run = (title, bin, args) => {
  console.log(`${title} ...`)
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(copy, bin), ...args], {
    cwd: copy,
    encoding: 'utf8',
    maxBuffer: 1e9,
    env: { ...process.env, OMP_NUM_THREADS: '1' },
  })
  if (status !== 0) fail(`${title} fails without ${name}:\n${stdout.slice(-6000)}${stderr.slice(-3000)}`)
  console.log(
    `${title}: ${/Tests {2}.*/.exec(stdout.replace(new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g'), ''))?.[0] ?? 'passes'}`,
  )
}
/** Suites with the product's own trainers, servers or clusters. */
const forReal = [
  'tests/contract/trainer-*',
  'tests/contract/executor-*',
  'tests/graph/kill*',
  'tests/publish-real*',
  'src/core/python*',
  'src/core/embed/packaged*',
]
const left = [...about, ...(mode === '--full' ? [] : forReal)]
run('the build', 'scripts/build.mjs', [])
run('the types', 'node_modules/typescript/bin/tsc', ['--noEmit', '-p', 'tsconfig.json'])
run('the tests', 'node_modules/vitest/vitest.mjs', ['run', ...left.flatMap((file) => ['--exclude', file])])
