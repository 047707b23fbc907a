import { WhetError } from '../../../skill.ts'
import type { Note, Writing } from './read.ts'

/** With fewer words a voice changes from sample to sample. */
export const fewestVoiceWords = 3000

/** Says so where a folder holds too few words for a voice that can be relied on. */
export const enoughWords = ({ words }: Writing): Note[] =>
  words >= fewestVoiceWords
    ? []
    : [
        {
          file: '',
          kind: 'warning',
          what: `the folder has ${words} words; under ${fewestVoiceWords} a voice is not stable, so read all figures as guesses`,
        },
      ]

/** @throws {WhetError} writing-too-small: a run that is to learn a voice needs one */
export const requireEnough = ({ folder, words }: Writing): void => {
  if (words >= fewestVoiceWords) return
  throw new WhetError({
    code: 'writing-too-small',
    message: `${folder} holds ${words} words of writing and ${fewestVoiceWords} are needed for a voice. Add texts of the same author; \`whet voice show\` tells what was left out and why.`,
    fixedBy: 'config',
    exit: 2,
    data: { folder, words, needed: fewestVoiceWords },
  })
}
