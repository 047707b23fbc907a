import type { Listed } from '../command.ts'

/** This machine and the skills on it. */
export const setUp: Listed = {
  doctor: {
    summary:
      'what is missing on this machine, and what to do about it (--repair: do it; --roles: ask the language models, which may cost)',
    example: 'whet doctor --repair',
    cost: 'paid',
    effect: 'write',
    load: async () => (await import('../doctor.ts')).command,
  },
  'plugin list': {
    summary: 'the skills that are built in',
    example: 'whet plugin list',
    cost: 'free',
    effect: 'read',
    load: async () => (await import('../plugin-list.ts')).command,
  },
  'plugin new': {
    summary:
      'a package of your own for a new skill, which tests and trains at once (--describe: which way is nearest; with roles.chat it interviews you and drafts the file)',
    example: 'whet plugin new date-reader --like declarative',
    cost: 'paid',
    effect: 'write',
    load: async () => (await import('../plugin-new.ts')).command,
  },
  'plugin check': {
    summary: 'prove that a skill keeps the plugin contract, claim by claim',
    example: 'whet plugin check tool-calling',
    cost: 'compute',
    effect: 'read',
    load: async () => (await import('../plugin-check.ts')).command,
  },
}
