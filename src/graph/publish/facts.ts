import type { Licence } from '../../core/licence.ts'
import type { MeasuredRate } from '../../core/rates.ts'
import type { TokenParity } from '../deps.ts'
import type { Agreement } from './agreement.ts'
import type { SealedLook } from './sealed.ts'

/** All that is known of a publication once its files are written: what cards and `published.json` are made from. */
export interface Facts {
  readonly run: string
  readonly round: number
  readonly skill: string
  readonly name: string // of the model's files
  readonly base: { readonly name: string; readonly hub?: string; readonly note?: string; readonly sha256: string }
  readonly licence: Licence
  readonly at: string // ISO time
  readonly seed: number
  readonly config: string // YAML, as the run began with it
  readonly template: string // the chat template
  readonly end: string // the token that ends a reply
  readonly context: number // tokens of a prompt and its reply that the student was measured with
  readonly lora: boolean // false: whole weights were trained, and there is no adapter
  readonly served: 'q8_0' | 'f16' // the file that answered dev, gate and sealed
  readonly targets: 'met' | 'missed' | 'not-measured'
  readonly missed: readonly string[] // what was not met, in words, on gate and sealed
  readonly sealed: SealedResult | undefined // none where the run has no sealed items
  readonly tokens: TokenParity
  readonly agreement: Agreement
  readonly faults: readonly string[] // of the parity check, in words
  readonly locks: Readonly<Record<string, string>> // sha256 of the files that pin what was installed
  readonly files: readonly PublishedFile[]
}

/** What came out on the sealed split. Of its items only rates and counts leave. */
export interface SealedResult extends Omit<SealedLook, 'items'> {
  readonly items: number
  readonly rates: readonly MeasuredRate[]
  readonly failures: Readonly<Record<string, number>> // rows by failure tag
  readonly unscored: number
}

export interface PublishedFile {
  readonly path: string // within the folder
  readonly bytes: number
  readonly sha256: string
}
