import type { FrozenContract } from './contract.ts'
import { copiedRun } from './fingerprints.ts'
import type { Findings } from './grade.ts'
import type { FrozenVoice } from './voice-definition.ts'
import { firstHeld } from './words.ts'

/**
 * What of a voice can be told from one short text: no worn-out phrase, and nothing copied from the author or from another one. How near
 * the voice is shows only over many texts together (see `pooled`).
 */
export const judgeVoice = (
  reply: string,
  { contract, voice }: { contract: FrozenContract; voice: FrozenVoice },
  { set }: Findings,
) => {
  const worn = firstHeld(reply, contract.phrases.cliches)
  if (worn) return set('voice', 0, `anybody could have written "${worn}"`, ['cliche'])
  const copied = copiedRun(reply, voice.fingerprints)
  if (copied) return set('voice', 0, `copied from a sample text: "${copied}"`, ['copied'])
  set('voice', 1, 'no worn-out phrase and nothing copied')
}
