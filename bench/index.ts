// npm run bench [name]     prints one figure a line: name, value, unit, and the aim or the peer timed in the same run
import { dataImport } from './data-import.ts'
import { dedupe } from './dedupe.ts'
import { episodes } from './episodes.ts'
import { fleet } from './fleet.ts'
import { graph } from './graph.ts'
import { harness } from './harness.ts'
import { help } from './help.ts'
import { ideas } from './ideas.ts'
import { llm } from './llm.ts'
import { meaning } from './meaning.ts'
import { search } from './search.ts'
import { streams } from './streams.ts'
import { validation } from './validation.ts'
import { voice } from './voice.ts'

const benches = {
  harness,
  validation,
  dataImport,
  dedupe,
  graph,
  search,
  meaning,
  episodes,
  llm,
  fleet,
  help,
  ideas,
  voice,
  streams,
}

export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly note: string
}

const only = process.argv[2]
for (const [name, bench] of Object.entries(benches)) {
  if (only && only !== name) continue
  for (const figure of await bench()) {
    const value = figure.value.toLocaleString('en', { maximumFractionDigits: figure.value < 100 ? 1 : 0 })
    console.log(`${figure.name.padEnd(34)} ${value.padStart(10)} ${figure.unit.padEnd(8)} ${figure.note}`)
  }
}
