import { createHash } from 'node:crypto'
import { type Piece, parseTemplate, type Split, slotsOf, splitOf, type Tags, type ToolSchema } from '../../skill.ts'
import type { ArgumentPattern } from './arguments.ts'
import type { Kind } from './options.ts'
import type { Pack, PackTool } from './pack-schema.ts'

/** One template: all items that are made from it. Statistics cluster by it, and it belongs to one split. */
export interface Family {
  readonly id: string
  readonly kind: Kind
  readonly tags: Tags
  readonly splits: readonly Split[]
  readonly pack: number // index into the definition's packs
  readonly say: string // its template as written
  readonly pieces: readonly Piece[]
  readonly draws: readonly { readonly slot: string; readonly value: string }[] // the slots that it names
  readonly calls: readonly FamilyCall[] // for `ask` the one call that lacks an argument
  readonly order: 'free' | 'bound'
  readonly asks?: { readonly argument: string; readonly names: readonly string[] }
  readonly replies: readonly string[]
  readonly joined?: true // made of two other families
}

export interface FamilyCall {
  readonly prefix: string // of its slots: '' or 'a.'
  readonly tools: readonly string[] // the right ones of the catalogue, the canonical one first
  readonly arguments: readonly FamilyArgument[]
  readonly fixture: PackTool['fixture']
}

export interface FamilyArgument {
  readonly name: string
  readonly pattern: ArgumentPattern
  readonly accept: readonly ArgumentPattern[]
  readonly optional: boolean
  readonly anyOrder: boolean
}

/** The phrases of one pack, and the tools that can serve them. */
export interface Phrases {
  readonly pack: number
  readonly heldOut: boolean
  readonly unseen: readonly string[] // tools that training never shows
  readonly schemas: ReadonlyMap<string, ToolSchema>
  readonly content: Pack
}

type Parts = Pick<Family, 'kind' | 'say' | 'tags' | 'calls' | 'order' | 'asks' | 'replies'> & {
  readonly slots: Readonly<Record<string, string>>
}

const everyEvaluation: readonly Split[] = ['dev', 'gate', 'sealed']

export const family = ({ pack, heldOut, unseen }: Phrases, { slots, tags, ...parts }: Parts): Family => {
  const isUnseen = parts.calls.some(({ tools }) => tools.some((tool) => unseen.includes(tool)))
  const seen: Tags = unseen.length > 0 && parts.calls.length > 0 ? { seen: [isUnseen ? 'unseen' : 'seen'] } : {}
  const { say } = parts
  const pieces = parseTemplate(say)
  const about = [...(tags.tool ?? []), ...(tags.lacks ?? [])].join('+')
  const id = [parts.kind, about, createHash('sha256').update(say).digest('hex').slice(0, 8)].filter(Boolean).join(':')
  const named = slotsOf(pieces)
  return {
    id,
    ...parts,
    tags: { kind: [parts.kind], ...tags, ...seen },
    splits: heldOut || isUnseen ? everyEvaluation : [splitOf(`family:${id}`)],
    pack,
    pieces,
    draws: named.map((slot) => ({ slot, value: slots[slot] ?? slot })),
  }
}
