import type { Listed } from '../command.ts'

/** What goes into a round, and what is looked at before one. */
export const data: Listed = {
  search: {
    summary: "search the documents of a config's corpus (--mcp: serve the search to an assistant)",
    example: 'whet search -c configs/peps.yaml "weak references"',
    cost: 'free',
    effect: 'write',
    load: async () => (await import('../search.ts')).command,
  },
  'search eval': {
    summary: 'measure the search against relevance judgements in TREC format: MAP, nDCG@10, P@10, recall@100',
    example: 'whet search eval -c configs/peps.yaml --topics topics.tsv --qrels qrels.txt --json',
    cost: 'free',
    effect: 'write',
    load: async () => (await import('../search-eval.ts')).command,
  },
  'data generate': {
    summary: 'make items with known truth, as a round would',
    example: 'whet data generate --rows 50 --out items.jsonl',
    cost: 'compute',
    effect: 'write',
    load: async () => (await import('../data-generate.ts')).command,
  },
  'data import': {
    summary: 'conversations of your own as rows, without loss; what is wrong is told by line, and the rest goes on',
    example: 'whet data import chats.jsonl --format openai --out rows.jsonl',
    cost: 'free',
    effect: 'write',
    load: async () => (await import('../data-import.ts')).command,
  },
  'data export': {
    summary: 'rows in the form that another tool reads; what was imported comes out as it went in',
    example: 'whet data export rows.jsonl --format sharegpt --out chats.jsonl',
    cost: 'free',
    effect: 'write',
    load: async () => (await import('../data-export.ts')).command,
  },
  'data validate': {
    summary: 'findings for every row of your own file; exit code 1 when a row fails',
    example: 'whet data validate rows.jsonl --skill tool-calling --tools tools.json',
    cost: 'free',
    effect: 'read',
    load: async () => (await import('../data-validate.ts')).command,
  },
  'voice show': {
    summary: 'a voice in figures and bars: sentences, function words, marks, favourite words, nearest sample author',
    example: 'whet voice show my-essays --plot voice.svg',
    cost: 'free',
    effect: 'write',
    load: async () => (await import('../voice-show.ts')).command,
  },
  'voice compare': {
    summary: 'how far two voices lie apart, with an interval and what such a distance means',
    example: 'whet voice compare my-essays jerome-k-jerome',
    cost: 'free',
    effect: 'read',
    load: async () => (await import('../voice-compare.ts')).command,
  },
  'tools draft': {
    summary:
      'a phrase pack for tools that nobody has worded yet, from their schemas, and from roles.teacher where the config sets one; a draft, to be read',
    example: 'whet tools draft --out phrases.yaml',
    cost: 'paid',
    effect: 'write',
    only: 'terminal',
    load: async () => (await import('../tools-draft.ts')).command,
  },
  'tools lint': {
    summary:
      'what makes a catalogue of tools hard to learn, and what to do about it; exit code 1 where there is something',
    example: 'whet tools lint --openapi api.yaml',
    cost: 'free',
    effect: 'read',
    only: 'terminal',
    load: async () => (await import('../tools-lint.ts')).command,
  },
}
