import type { Listed } from '../command.ts'

/** What a first run needs. */
export const start: Listed = {
  init: {
    summary: 'write a whetstone.yaml for a skill',
    example: 'whet init --mcp "npx -y @modelcontextprotocol/server-memory"',
    cost: 'free',
    effect: 'write',
    load: async () => (await import('../init.ts')).command,
  },
  run: {
    summary: 'sharpen the student until targets, budget or a plateau stop it (--plan: only say what would happen)',
    example: 'whet run -c configs/quickstart.yaml',
    cost: 'paid',
    effect: 'write',
    drains: true,
    load: async () => (await import('../run.ts')).command,
  },
  resume: {
    summary: 'go on with a run where it stopped',
    example: 'whet resume tool-calling-20261122-2101-ab12',
    cost: 'paid',
    effect: 'write',
    drains: true,
    load: async () => (await import('../resume.ts')).command,
  },
  try: {
    summary: 'talk to the trained student, with its real tools in a sandbox (--base: the untouched one beside it)',
    example: 'whet try --base "read notes/todo.txt"',
    cost: 'compute',
    effect: 'read',
    stream: true,
    load: async () => (await import('../try.ts')).command,
  },
}
