/** Where a run's files lie: plain paths, named once. Nothing here reads or writes an item. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import type { Split } from './contract.ts'
import { exitCodes, WhetError } from './errors.ts'
import { writeJson } from './jsonl.ts'
import { unknownName } from './nearest.ts'

/** The layout that this version reads and writes. */
const workspaceVersion = 1

export class Workspace {
  /** @param root the `.whetstone` folder itself, absolute or relative to the working folder */
  constructor(root: string) {
    this.root = resolve(root)
  }
  readonly root: string

  /**
   * The workspace of a folder; it need not exist yet.
   * @throws WhetError 'newer-workspace' where a newer Whetstone made it, 'broken-workspace' where its version cannot be read
   */
  static at(dir: string = process.cwd()): Workspace {
    const workspace = new Workspace(join(dir, '.whetstone'))
    workspace.#checkVersion()
    return workspace
  }

  /** Prepared base models, each in a folder of its own. */
  models(): string {
    return join(this.root, 'models')
  }

  /** Answers of language models and what they cost, shared by all runs. */
  llm(): string {
    return join(this.root, 'llm')
  }

  /** @throws WhetError 'bad-run-name' */
  runDir(run: string): string {
    return join(this.root, 'runs', checkRunName(run))
  }

  /** @throws WhetError 'bad-run-name' */
  run(run: string): RunFiles {
    return new RunFiles(this.runDir(run))
  }

  /** Makes the folder, its version file and a .gitignore (runs and weights belong to no repository). Does nothing twice. */
  async prepare(): Promise<void> {
    this.#checkVersion()
    await mkdir(join(this.root, 'runs'), { recursive: true })
    await writeFile(join(this.root, '.gitignore'), '*\n', { flag: 'wx' }).catch(ignoreExisting)
    if (this.#version() === undefined) await writeJson(join(this.root, 'workspace.json'), { version: workspaceVersion })
  }

  /** Names of all runs, the oldest first. */
  async runs(): Promise<string[]> {
    const folder = join(this.root, 'runs')
    const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    })
    const names = entries.filter((entry) => entry.isDirectory() && isRunName(entry.name)).map((entry) => entry.name)
    const aged = await Promise.all(
      names.map(async (name) => ({ name, stamp: stampOf(name), born: (await stat(join(folder, name))).birthtimeMs })),
    )
    // the name's stamp survives copying; birth settles runs of one minute
    aged.sort((a, b) => compare(a.stamp, b.stamp) || a.born - b.born || compare(a.name, b.name))
    return aged.map(({ name }) => name)
  }

  /**
   * The files of a run that exists; the latest where no name is given.
   * @throws WhetError 'unknown-run' (exit 2), 'bad-run-name' (exit 2)
   */
  async find(run?: string): Promise<RunFiles> {
    if (run !== undefined) checkRunName(run)
    const names = await this.runs()
    const found = run === undefined ? names.at(-1) : names.find((name) => name === run)
    if (found !== undefined) return this.run(found)
    throw new WhetError({
      code: 'unknown-run',
      message:
        run === undefined
          ? `There is no run in ${this.root} yet. Start one with \`whet run\`.`
          : `${unknownName('run', run, names.reverse())} \`whet runs\` lists them.`,
      fixedBy: 'config',
      exit: exitCodes.usage,
      data: { run, runs: names },
    })
  }

  #checkVersion(): void {
    const version = this.#version() ?? workspaceVersion
    if (version > workspaceVersion) throw newerWorkspace(this.root, version, workspaceVersion)
  }

  #version(): number | undefined {
    const file = join(this.root, 'workspace.json')
    try {
      const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: unknown }
      if (Number.isInteger(version)) return version as number
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    }
    throw new WhetError({
      code: 'broken-workspace',
      message: `${file} does not say which version of Whetstone made this workspace. If you changed it, write {"version": ${workspaceVersion}} into it.`,
      fixedBy: 'machine',
      exit: exitCodes.refused,
      data: { file },
    })
  }
}

/** One run: `.whetstone/runs/<run>/`. */
export class RunFiles {
  constructor(readonly dir: string) {}
  get name() {
    return basename(this.dir)
  }
  /** Checkpoints, events, inbox and lease. */
  get database() {
    return join(this.dir, 'run.sqlite')
  }
  /** The config as it was when the run began. */
  get config() {
    return join(this.dir, 'config.yaml')
  }
  /** Where the config came from: relative paths in it start from that folder. */
  get origin() {
    return join(this.dir, 'config.origin')
  }
  /** What was found out about the judge, as it was when the run began or went on. */
  get judge() {
    return join(this.dir, 'judge.json')
  }
  /** Definition, hashes and seeds. */
  get frozen() {
    return join(this.dir, 'frozen.json')
  }
  /** What people think of its replies, a line a rating. */
  get ratings() {
    return join(this.dir, 'ratings.jsonl')
  }
  /** The items of one evaluation split, the same for all rounds. */
  split(name: Exclude<Split, 'train'>) {
    return join(this.dir, `items-${name}.jsonl`)
  }
  /** @param n 0 is the baseline: the untouched student */
  round(n: number): RoundFiles {
    return new RoundFiles(join(this.dir, `round-${String(n).padStart(2, '0')}`), n)
  }
}

/** One round: `round-01/`. */
export class RoundFiles {
  constructor(
    readonly dir: string,
    readonly number: number,
  ) {}
  get spec() {
    return join(this.dir, 'spec.json')
  }
  get items() {
    return join(this.dir, 'items.jsonl')
  }
  /** What the generator made and what was dropped; written last, so that it says "done". */
  get generated() {
    return join(this.dir, 'generated.json')
  }
  /** This round's own accepted rows; later rounds replay from them. */
  get accepted() {
    return join(this.dir, 'accepted.jsonl')
  }
  /** Counts of validation; written last, so that it says "done". */
  get validated() {
    return join(this.dir, 'validated.json')
  }
  /** What the improver made of rejected items. */
  get improved() {
    return join(this.dir, 'improved.jsonl')
  }
  /** What people changed in its items before they were trained, and who. */
  get edited() {
    return join(this.dir, 'edited.jsonl')
  }
  get rejected() {
    return join(this.dir, 'rejected.jsonl')
  }
  get sft() {
    return join(this.dir, 'sft.jsonl')
  }
  get dpo() {
    return join(this.dir, 'dpo.jsonl')
  }
  get kto() {
    return join(this.dir, 'kto.jsonl')
  }
  /** Training items that the best student half solves: what rewards are learned on. */
  get grpo() {
    return join(this.dir, 'grpo.jsonl')
  }
  /** What the best student answered to fresh training items, graded: where bad replies come from. */
  get practice() {
    return join(this.dir, 'practice.jsonl')
  }
  /** Counts and lint of the pairs; written last, so that it says "done". */
  get paired() {
    return join(this.dir, 'paired.json')
  }
  /** The training job's folder: job.json, events.jsonl, adapter/, result.json last. */
  get train() {
    return join(this.dir, 'train')
  }
  /** The round's student: LoRA weights on the untouched base. */
  get adapter() {
    return join(this.dir, 'train', 'adapter')
  }
  /** The training job's result as the loop took it. */
  get trained() {
    return join(this.dir, 'trained.json')
  }
  /** The round in numbers: what reports and later rounds read. */
  get summary() {
    return join(this.dir, 'summary.json')
  }
  /** The student as it is served. */
  get model() {
    return join(this.dir, 'student.gguf')
  }
  evaluation(split: Exclude<Split, 'train'>) {
    return join(this.dir, 'eval', `${split}.jsonl`)
  }
  /** How a judge decided between this round's dev replies and the base's. */
  get duels() {
    return join(this.dir, 'duels.json')
  }
  /** What `whet eval` measured of its student beyond one reply an item. */
  get depth() {
    return join(this.dir, 'depth.jsonl')
  }
  get failures() {
    return join(this.dir, 'failures.json')
  }
  get verdict() {
    return join(this.dir, 'verdict.json')
  }
  get report() {
    return join(this.dir, 'report.md')
  }
}

/** @example newRunName('dates', new Date()) === 'dates-20261122-2101-ab12' (UTC; the last four are random) */
export const newRunName = (skill: string, date: Date): string => {
  const last = skill.split('/').at(-1) ?? ''
  const slug = last
    .replace(/\.[a-z]+$/, '')
    .replace(/[^a-zA-Z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
  const [day, time] = date.toISOString().replace(/[-:]/g, '').split('T') as [string, string]
  return `${slug.toLowerCase() || 'skill'}-${day}-${time.slice(0, 4)}-${randomBytes(2).toString('hex')}`
}

/** One path segment that no shell, no path and no other system reads as something else. */
const isRunName = (name: string) => /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}$/.test(name) && !name.includes('..')

const checkRunName = (name: string): string => {
  if (isRunName(name)) return name
  throw new WhetError({
    code: 'bad-run-name',
    message: `${JSON.stringify(name.slice(0, 100))} is not a run's name: letters, digits, "-", "_" and single dots, at most 100. \`whet runs\` lists the names.`,
    fixedBy: 'config',
    exit: exitCodes.usage,
    data: { run: name.slice(0, 100) },
  })
}

/** The error of files that a newer version wrote. @param where the folder or file */
export const newerWorkspace = (where: string, found: number, known: number) =>
  new WhetError({
    code: 'newer-workspace',
    message: `${where} was written by a newer Whetstone (format ${found}; this one knows ${known}). Update Whetstone, or use another folder. Nothing was changed.`,
    fixedBy: 'machine',
    exit: exitCodes.refused,
    data: { where, found, known },
  })

const stampOf = (name: string) => /-(\d{8}-\d{4})-[0-9a-f]{4}$/.exec(name)?.[1] ?? ''
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
const ignoreExisting = (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EEXIST') throw error
}
