import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import path from 'node:path'
import type { ItemBase, Target } from '../../core/contract.ts'
import { readJsonl, writeJson, writeJsonl } from '../../core/jsonl.ts'
import { licenceOf, publicBase } from '../../core/licence.ts'
import { type MeasuredRate, measure } from '../../core/rates.ts'
import { RunStore } from '../../core/store.ts'
import { checkItems } from '../check-items.ts'
import type { Deps, Publisher, TokenParity } from '../deps.ts'
import type { EngineOptions } from '../engine.ts'
import { evaluateItems } from '../evaluate-items.ts'
import { machinesFor, servedAsFiles } from '../local.ts'
import { type Agreement, agree, type Form, faultsOf } from './agreement.ts'
import type { Facts, SealedResult } from './facts.ts'
import { filesIn, marker, moveIntoPlace, requireOwnFolder, temporaryFor } from './folder.ts'
import { whatItIs } from './identity.ts'
import { withJudge } from './judge.ts'
import { localPublisher } from './local.ts'
import { licenceForbids, parityFailed, targetsMissed } from './refusals.ts'
import { requireRoom } from './room.ts'
import { openSealed } from './sealed.ts'
import { type Candidate, candidateOf } from './subject.ts'

export interface PublishOptions extends EngineOptions {
  readonly run: string | undefined
  readonly round?: number
  readonly out?: string // published/<run>-round-<n> beside the workspace where left out
  readonly by: string
  readonly anyway: boolean // publish though something is missed, and say so in the cards
  readonly check: boolean // only hold the forms against each other: nothing is published, the sealed split stays closed
  readonly split: 'dev' | 'gate' // whose items the forms are held against each other on
  readonly items: number // how many of them
  readonly push?: { readonly repository: string; readonly private: boolean }
  readonly publisher?: Publisher // this machine's where left out
  onProgress?(done: number, total: number, what: string): void
  /** Cards and other texts of the folder, by file name. */
  describe(facts: Facts): Promise<Readonly<Record<string, string>>>
}

export interface Published {
  readonly run: string
  readonly round: number
  readonly folder?: string // absent: only checked
  readonly pushed?: string
  readonly facts: Omit<Facts, 'config' | 'template'>
}

interface Work extends Candidate {
  readonly options: PublishOptions
  readonly publisher: Publisher
  readonly store: RunStore
  readonly scratch: string
  readonly signal: AbortSignal
  readonly base: string // folder
  readonly folder: string // where everything is written first
  readonly name: string // of the model's files
  readonly deps: Pick<Deps, 'plugin' | 'config' | 'signal' | 'scratch' | 'emit'>
}

/**
 * Publishes one student into a folder that appears whole or not at all. What can fail without looking at the sealed split is tried first: room,
 * licence, the targets on gate, every export, the parity check; then the split is opened, and the opening is recorded before the first item.
 *
 * @throws WhetError no-room · out-not-empty · licence-forbids · targets-missed · parity-failed · gguf-unusable · export-unusable · run-owned,
 * and what `candidateOf`, `evaluateItems` and the hub throw
 */
export const publishRun = async (options: PublishOptions): Promise<Published> => {
  const lost = new AbortController()
  const signal = AbortSignal.any([lost.signal, ...(options.signal ? [options.signal] : [])])
  const candidate = await candidateOf(options)
  const { files, round, loaded, plugin } = candidate
  const told = (what: string) => options.onProgress?.(0, 0, what)
  const publisher = options.publisher ?? localPublisher(loaded, options.workspace, told)
  const out = path.resolve(
    options.out ?? path.join(path.dirname(options.workspace.root), 'published', `${files.name}-round-${round.number}`),
  )
  const store = RunStore.open(files.database)
  try {
    const lease = store.acquire({ pid: process.pid, host: hostname() })
    const beat = () => {
      try {
        lease.heartbeat()
      } catch (error) {
        lost.abort(error) // another process owns the run now
      }
    }
    const beating = setInterval(beat, 5_000)
    const scratch = await mkdtemp(path.join(tmpdir(), 'whet-publish-'))
    const folder = await temporaryFor(out)
    try {
      await requireOwnFolder(out)
      const base = (await machinesFor(options, servedAsFiles(loaded)).students.base(signal)).dir
      const deps = depsOf(candidate, options, scratch, signal)
      const name = `${plugin.name}-${publicBase(loaded.config.student.base).name.split('/').at(-1)}`.toLowerCase()
      const work = { ...candidate, options, publisher, store, scratch, signal, base, folder, name, deps }
      return await publish(work, out)
    } finally {
      clearInterval(beating)
      await rm(folder, { recursive: true, force: true })
      await rm(scratch, { recursive: true, force: true })
      lease.release()
    }
  } finally {
    await plugin.dispose?.()
    store.close()
  }
}

const publish = async (work: Work, out: string): Promise<Published> => {
  const { files, round, loaded, options, folder, base, signal } = work
  const licence = await licenceOf(loaded.config.student.base, base)
  const missedOnGate = options.check ? [] : missedIn(work.summary.rates.gate, 'gate')
  if (!options.check) {
    // an upload passes the model on, which no flag makes lawful
    if (licence.publishing === 'forbidden' && (options.push || !options.anyway)) throw licenceForbids(licence)
    if (missedOnGate.length > 0 && !options.anyway) throw targetsMissed(missedOnGate, 'closed')
  }
  await requireRoom(path.dirname(out), base, round.adapter)
  await mkdir(path.dirname(out), { recursive: true })
  await writeForms(work)
  const { tokens, agreement, faults } = await compareForms(work)
  if (faults.length > 0 && !options.anyway) throw parityFailed(faults)
  const sealed = options.check ? undefined : await measureSealed(work)
  const missed = [...missedOnGate, ...(sealed ? missedIn(sealed.rates, 'sealed') : ['there is no sealed split'])]
  if (!options.check && missed.length > 0 && !options.anyway) throw targetsMissed(missed, sealed ? 'opened' : 'none')

  const facts: Facts = {
    ...(await whatItIs(work, folder, work.name)),
    served: servedIn(work),
    licence,
    targets: sealed ? (missed.length === 0 ? 'met' : 'missed') : 'not-measured',
    missed: options.check ? [] : missed,
    sealed,
    tokens,
    agreement,
    faults,
    files: await filesIn(folder),
  }
  const { config: _config, template: _template, ...shown } = facts
  const result = { run: files.name, round: round.number, facts: shown }
  if (options.check) return result

  options.onProgress?.(0, 0, 'writing the cards')
  for (const [file, text] of Object.entries(await options.describe(facts)))
    await writeFile(path.join(folder, file), text)
  await writeJson(path.join(folder, marker), { publication: 1, ...shown })
  signal.throwIfAborted()
  await moveIntoPlace(folder, out)
  const pushed = options.push && (await work.publisher.push({ folder: out, ...options.push }, signal))
  work.store.append({
    run: files.name,
    round: round.number,
    type: 'model.published',
    data: { folder: out, targets: facts.targets, ...(pushed && { pushed }) },
  })
  return { ...result, folder: out, ...(pushed && { pushed }) }
}

const depsOf = ({ plugin, loaded }: Candidate, options: PublishOptions, scratch: string, signal: AbortSignal) => ({
  plugin,
  config: loaded.config,
  signal,
  scratch,
  emit: ((event) => {
    if (event.type === 'eval.progress')
      options.onProgress?.(event.data.done, event.data.total, `${event.data.split} items`)
  }) satisfies Deps['emit'],
})

/** The merged weights are the folder itself: whoever loads its name gets them. */
const writeForms = async ({ publisher, round, folder, name, lora, loaded, signal }: Work) => {
  const { adapter } = round
  const baseName = publicBase(loaded.config.student.base).name
  const write = (as: 'safetensors' | 'adapter' | 'f16' | 'q8_0', to: string) =>
    publisher.write({ adapter, as, out: to, baseName }, signal)
  await write('safetensors', folder)
  if (lora) await write('adapter', path.join(folder, 'adapter'))
  for (const quant of ['f16', 'q8_0'] as const) await write(quant, ggufIn(folder, name, quant))
}

const ggufIn = (folder: string, name: string, quant: 'f16' | 'q8_0') => path.join(folder, `${name}-${quant}.gguf`)

const compareForms = async (work: Work): Promise<{ tokens: TokenParity; agreement: Agreement; faults: string[] }> => {
  const { files, folder, name, options, publisher, deps, frozen, round, loaded, scratch, signal } = work
  const { definition } = frozen
  const dev = (await readJsonl<ItemBase>(files.split('dev'))).rows
  const all = options.split === 'dev' ? dev : (await readJsonl<ItemBase>(files.split(options.split))).rows
  const items = spread(all, options.items)
  const ggufs = { f16: ggufIn(folder, name, 'f16'), q8_0: ggufIn(folder, name, 'q8_0') }

  options.onProgress?.(0, 0, 'playing the right answers')
  const rows = (await checkItems(spread(dev, 20), definition, deps)).flatMap((checked) => checked.rows)
  const rowsFile = path.join(scratch, 'conversations.jsonl')
  await writeJsonl(rowsFile, rows)
  const compared = { rows: rowsFile, merged: folder, ggufs, out: path.join(scratch, 'parity.json') }
  const tokens = await publisher.compareTokens(compared, signal)

  const { students } = machinesFor(options, servedAsFiles(loaded))
  const open = (form: Form) => {
    options.onProgress?.(0, items.length, `${form}: starting`)
    if (form === 'adapter') return publisher.exact({ adapter: round.adapter }, signal)
    if (form === 'merged') return publisher.exact({ merged: folder }, signal)
    return students.open({ adapter: round.adapter, model: ggufs[form] }, signal)
  }
  const criterion = loaded.config.gate.primary ?? targetsOf(work)[0]?.of ?? ''
  const forms = ['adapter', 'merged', 'f16', 'q8_0'] as const
  const agreement = await agree(forms, items, { criterion, split: options.split, definition, deps }, open)
  const apart = tokens.differences.map(({ where, row, what }) => `tokens of ${row} (${where}): ${what}`)
  return { tokens, agreement, faults: [...apart, ...faultsOf(agreement)] }
}

/** So many items, evenly from all: splits are made kind by kind. */
const spread = (items: readonly ItemBase[], most: number): ItemBase[] =>
  items.length <= most
    ? [...items]
    : Array.from({ length: most }, (_, at) => items[Math.floor((at * items.length) / most)]!)

/** The file that is published answers: the one in the number format that the run was measured with. */
const measureSealed = async (work: Work): Promise<SealedResult | undefined> => {
  const { files, round, options, folder, name, frozen, loaded, signal, deps } = work
  if (frozen.items.sealed === 0) return undefined
  const { students } = machinesFor(options, servedAsFiles(loaded))
  const look = await openSealed(
    { workspace: options.workspace, files, round: round.number, by: options.by },
    work.store,
  )
  const rows = await withJudge(options.workspace, loaded, files.name, round.number, signal, async (judge) => {
    let opened: Awaited<ReturnType<typeof students.open>> | undefined
    try {
      return await evaluateItems({
        items: look.items,
        file: round.evaluation('sealed'),
        split: 'sealed',
        definition: frozen.definition,
        deps,
        judge,
        student: async () => {
          opened ??= await students.open(
            { adapter: round.adapter, model: ggufIn(folder, name, servedIn(work)) },
            signal,
          )
          return opened.student
        },
      })
    } finally {
      await opened?.close()
    }
  })
  const failures: Record<string, number> = {}
  for (const tag of rows.flatMap(({ grade }) => grade.failures)) failures[tag] = (failures[tag] ?? 0) + 1
  const scored = rows.filter(({ error }) => !error)
  return {
    opening: look.opening,
    at: look.at,
    before: look.before,
    items: look.items.length,
    rates: measure(rows, targetsOf(work), work.plugin.pooled?.(scored, frozen.definition) ?? {}),
    failures,
    unscored: rows.length - scored.length,
  }
}

const targetsOf = ({ plugin, frozen }: Candidate): readonly Target[] => plugin.targets(frozen.definition)
const servedIn = ({ loaded }: Candidate) => (loaded.config.student.quant === 'f16' ? 'f16' : 'q8_0')

const missedIn = (rates: readonly MeasuredRate[], split: string): string[] =>
  rates
    .filter(({ status }) => status !== 'pass')
    .map(({ of, where, rate, target }) => {
      const tags = Object.entries(where ?? {}).map(([dimension, values]) => `${dimension}=${values.join('|')}`)
      const measured = rate === undefined ? 'no data' : Number(rate.toPrecision(3))
      return `${[of, ...tags].join(' ')} on ${split}: ${measured}, and ${target.pass} is asked for`
    })
