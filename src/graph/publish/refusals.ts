import { exitCodes, WhetError } from '../../core/errors.ts'
import type { Licence } from '../../core/licence.ts'

/** Why a student is not published, and what a person may do about it. */

const sealedWords = {
  closed: 'The sealed split stays closed.',
  opened: 'The sealed split is open now and its answers are kept, so publishing this student again asks nothing twice.',
  none: 'Set evaluation.sealed in the next run.',
}

export const targetsMissed = (missed: readonly string[], sealed: keyof typeof sealedWords) =>
  new WhetError({
    code: 'targets-missed',
    message: `Nothing was published, since targets are not met: ${missed.join('; ')}. ${sealedWords[sealed]} Train on (\`whet run --from\`), or publish with --anyway: the model card then says what is missed.`,
    fixedBy: 'config',
    exit: exitCodes.failed,
    data: { missed, sealed },
  })

export const parityFailed = (faults: readonly string[]) =>
  new WhetError({
    code: 'parity-failed',
    message: `Nothing was published, since the exported files are not the student that was trained: ${faults.join('; ')}. The sealed split stays closed. Please report this with the base model's name; --anyway publishes, and the card says so.`,
    fixedBy: 'machine',
    data: { faults },
  })

export const licenceForbids = (licence: Licence) =>
  new WhetError({
    code: 'licence-forbids',
    message: `Nothing was published. ${licence.says} (Read from ${licence.from}.) For your own use alone, --anyway writes the folder; --push stays refused.`,
    fixedBy: 'config',
    exit: exitCodes.refused,
    data: { licence: licence.id, from: licence.from },
  })
