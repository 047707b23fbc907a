import type { Command, Entry } from './command.ts'

/** Every verb once. Surfaces are generated from this record; an entry loads its implementation when it is asked for. */
export const commands: Readonly<Record<string, Entry>> = {
  init: {
    summary: 'write a whetstone.yaml for a skill',
    example: 'whet init --mcp "npx -y @modelcontextprotocol/server-filesystem ."',
    cost: 'free',
    effect: 'write',
    group: 'Start',
    load: async () => (await import('./init.ts')).command,
  },
  run: {
    summary: 'sharpen the student until targets, budget or a plateau stop it (--plan: only say what would happen)',
    example: 'whet run -c configs/quickstart.yaml',
    cost: 'paid',
    effect: 'write',
    group: 'Start',
    drains: true,
    load: async () => (await import('./run.ts')).command,
  },
  resume: {
    summary: 'go on with a run where it stopped',
    example: 'whet resume tool-calling-20261122-2101-ab12',
    cost: 'paid',
    effect: 'write',
    group: 'Start',
    drains: true,
    load: async () => (await import('./resume.ts')).command,
  },
  try: {
    summary: 'talk to the trained student, with its real tools in a sandbox (--base: the untouched one beside it)',
    example: 'whet try --base "read notes/todo.txt"',
    cost: 'compute',
    effect: 'read',
    group: 'Start',
    stream: true,
    load: async () => (await import('./try.ts')).command,
  },
  status: {
    summary: 'where a run stands: stage, round, rates, what it spent',
    example: 'whet status',
    cost: 'free',
    effect: 'read',
    group: 'Watch and steer',
    load: async () => (await import('./status.ts')).command,
  },
  runs: {
    summary: 'all runs of this workspace',
    example: 'whet runs --json',
    cost: 'free',
    effect: 'read',
    group: 'Watch and steer',
    load: async () => (await import('./runs.ts')).command,
  },
  watch: {
    summary: 'follow a run that another process owns',
    example: 'whet watch',
    cost: 'free',
    effect: 'read',
    group: 'Watch and steer',
    stream: true,
    load: async () => (await import('./watch.ts')).command,
  },
  pause: {
    summary: 'ask a run to pause at its next safe point',
    example: 'whet pause',
    cost: 'free',
    effect: 'write',
    group: 'Watch and steer',
    load: async () => (await import('./orders.ts')).pause,
  },
  stop: {
    summary: 'ask a run to end at its next safe point, its best student kept',
    example: 'whet stop',
    cost: 'free',
    effect: 'write',
    group: 'Watch and steer',
    load: async () => (await import('./orders.ts')).stop,
  },
  approve: {
    summary: 'let a run go on that waits for approval (--reject: refuse it)',
    example: 'whet approve',
    cost: 'paid',
    effect: 'write',
    group: 'Watch and steer',
    load: async () => (await import('./orders.ts')).approve,
  },
  report: {
    summary: 'the evidence of a run: curves, failures before and after, replies side by side, predictions',
    example: 'whet report --format html',
    cost: 'free',
    effect: 'write',
    group: 'Results',
    load: async () => (await import('./show-report.ts')).command,
  },
  compare: {
    summary: 'two runs on the same items: differences with intervals, aimed tags against the others',
    example: 'whet compare targeted-run uniform-run',
    cost: 'free',
    effect: 'read',
    group: 'Results',
    load: async () => (await import('./compare.ts')).command,
  },
  eval: {
    summary: 'measure a run, the untouched base or any OpenAI-compatible URL (--pack: phrases that training never saw)',
    example: 'whet eval base --split dev',
    cost: 'compute',
    effect: 'write',
    group: 'Results',
    load: async () => (await import('./eval.ts')).command,
  },
  clean: {
    summary: "delete the weights of rounds that are neither a run's best nor its last",
    example: 'whet clean --dry',
    cost: 'free',
    effect: 'destroy',
    group: 'Results',
    load: async () => (await import('./clean.ts')).command,
  },
  'data generate': {
    summary: 'make items with known truth, as a round would',
    example: 'whet data generate --rows 50 --out items.jsonl',
    cost: 'compute',
    effect: 'write',
    group: 'Data',
    load: async () => (await import('./data-generate.ts')).command,
  },
  'data validate': {
    summary: 'findings for every row of your own file; exit code 1 when a row fails',
    example: 'whet data validate rows.jsonl --skill tool-calling --tools tools.json',
    cost: 'free',
    effect: 'read',
    group: 'Data',
    load: async () => (await import('./data-validate.ts')).command,
  },
  doctor: {
    summary: 'what is missing on this machine, and what to do about it (--repair: do it)',
    example: 'whet doctor --repair',
    cost: 'free',
    effect: 'write',
    group: 'Set-up',
    load: async () => (await import('./doctor.ts')).command,
  },
  'plugin list': {
    summary: 'the skills that are built in',
    example: 'whet plugin list',
    cost: 'free',
    effect: 'read',
    group: 'Set-up',
    load: async () => (await import('./plugin-list.ts')).command,
  },
  'plugin check': {
    summary: 'prove that a skill keeps the plugin contract, claim by claim',
    example: 'whet plugin check tool-calling',
    cost: 'compute',
    effect: 'read',
    group: 'Set-up',
    load: async () => (await import('./plugin-check.ts')).command,
  },
}

/** Names of verbs that only hold other verbs, with what they are about. */
export const groups: Readonly<Record<string, string>> = {
  data: 'make items, or check rows of your own',
  plugin: 'skills: what there is, and whether one keeps its contract',
}

/** A command with its implementation. @returns undefined for a name that is not in the record */
export const loadCommand = async (name: string): Promise<Command | undefined> => {
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined
  return entry && { ...entry, ...(await entry.load()), name }
}
