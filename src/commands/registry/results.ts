import type { Listed } from '../command.ts'

/** What a run came to: evidence, further measurements, what leaves it. */
export const results: Listed = {
  report: {
    summary: 'the evidence of a run: curves, failures before and after, replies side by side, predictions',
    example: 'whet report --format html',
    cost: 'free',
    effect: 'write',
    load: async () => (await import('../show-report.ts')).command,
  },
  why: {
    summary:
      'what was measured when something got better or worse: items lost and won, failures, rows that were aimed at it',
    example: 'whet why --round 3 --where tool=move_file',
    cost: 'free',
    effect: 'read',
    load: async () => (await import('../why.ts')).command,
  },
  'show items': {
    summary: 'the rows of a round: made, rejected with reasons, trained, pairs, practice',
    example: 'whet show items --set rejected --where kind=ask',
    cost: 'free',
    effect: 'read',
    load: async () => (await import('../show/items.ts')).command,
  },
  'show item': {
    summary: "one dev item: the right answer and every round's reply, with grades and reasons",
    example: 'whet show item ITEM',
    cost: 'free',
    effect: 'read',
    load: async () => (await import('../show/item.ts')).command,
  },
  'show evaluation': {
    summary: 'dev items by round, and pass rates by tag',
    example: 'whet show evaluation --only worse',
    cost: 'free',
    effect: 'read',
    load: async () => (await import('../show/evaluation.ts')).command,
  },
  'show spec': {
    summary: 'what each round was to learn: rows, hypotheses, predicted and actual movement',
    example: 'whet show spec --round 2',
    cost: 'free',
    effect: 'read',
    load: async () => (await import('../show/spec.ts')).command,
  },
  compare: {
    summary: 'two runs on the same items: differences with intervals, aimed tags against the others',
    example: 'whet compare targeted-run uniform-run',
    cost: 'free',
    effect: 'read',
    load: async () => (await import('../compare.ts')).command,
  },
  rate: {
    summary: 'say which of two replies is better, without knowing whose they are: here or on a page for the browser',
    example: 'whet rate --criterion voice --page rate.html',
    cost: 'free',
    effect: 'write',
    only: 'terminal',
    load: async () => (await import('../rate/index.ts')).command,
  },
  experiment: {
    summary:
      'does aiming help, which settings are best? The same start, rows and seeds under several analysts, or a sweep of settings',
    example: 'whet experiment --arms uniform,error-weighted,statistical --seeds 3',
    cost: 'paid',
    effect: 'write',
    drains: true,
    only: 'terminal', // it owns many runs, and other surfaces start one at a time
    load: async () => (await import('../experiment.ts')).command,
  },
  'judge calibrate': {
    summary:
      'hold the judge against labelled pairs: agreement, kappa, order and length bias; exit code 1 where it may not decide',
    example: 'whet judge calibrate ratings.jsonl',
    cost: 'paid',
    effect: 'write',
    load: async () => (await import('../judge-calibrate.ts')).command,
  },
  eval: {
    summary:
      'measure a run, the untouched base or any OpenAI-compatible URL: on phrases that training never saw (--pack), longer catalogues (--shown 5,20,60), several times (--samples), in other words (--rephrase)',
    example: 'whet eval RUN --shown 5,20,60',
    cost: 'compute',
    effect: 'write',
    load: async () => (await import('../eval.ts')).command,
  },
  publish: {
    summary:
      'a student for the world outside: adapter, merged weights, GGUF, Modelfile and cards, with the sealed split opened once (--check: only compare the forms)',
    example: 'whet publish tool-calling-20261122-2101-ab12 --out my-model',
    cost: 'compute',
    effect: 'destroy', // a look at the sealed split cannot be taken back
    load: async () => (await import('../publish/index.ts')).command,
  },
  clean: {
    summary: "delete the weights of rounds that are neither a run's best nor its last",
    example: 'whet clean --dry',
    cost: 'free',
    effect: 'destroy',
    load: async () => (await import('../clean.ts')).command,
  },
}
