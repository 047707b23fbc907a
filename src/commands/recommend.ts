/** Which of the ways to build a skill is nearest to what somebody describes: by words, the same for everybody, with its reasons. */

export const kinds = ['declarative', 'tool-calling', 'essay-style', 'agentic-search'] as const
export type Kind = (typeof kinds)[number]

/** The comparison of the pipelines, stage by stage; docs/comparison.md is made from it. */
export const comparison: Readonly<Record<Kind, Readonly<Record<string, string>>>> = {
  declarative: {
    'what goes in': 'a text',
    'what comes out': 'a record or a short text that can be computed from what was drawn',
    'source of truth': 'phrases, pools, rows or documents of one YAML file',
    'who checks': 'schema, paths, patterns, numbers, lists: code',
    'typical mistakes': 'wrong label, invented or dropped value, preamble',
    'taught by': 'SFT; KTO for confusable labels',
  },
  'tool-calling': {
    'what goes in': 'a request, and the tools that there are',
    'what comes out': 'calls with arguments, a question back, or a refusal',
    'source of truth': 'the schemas of the tools (MCP server, JSON file)',
    'who checks': 'schemas and the effect of the call: code',
    'typical mistakes': 'wrong tool, missing or invented argument, acting where asking is due',
    'taught by': 'SFT for the form, KTO for asking and declining',
  },
  'essay-style': {
    'what goes in': 'rough material',
    'what comes out': 'a longer text of a given shape and voice',
    'source of truth': "the author's own writing",
    'who checks': 'rules of shape by code, voice by measures, the rest by a judge',
    'typical mistakes': 'generic headings, praise, too long, third person',
    'taught by': 'SFT, then KTO on the same notes; slow to converge',
  },
  'agentic-search': {
    'what goes in': 'a question, and tools to look things up',
    'what comes out': 'searches and readings, then an answer from what was read',
    'source of truth': 'the documents, with facts that are known to be in them or not',
    'who checks': 'what was searched and read, and whether the answer is grounded: code',
    'typical mistakes': 'reads everything, stops after one hop, adds facts, never says not found',
    'taught by': 'SFT for the loop, KTO for stopping and grounding',
  },
}

/** Words that speak for a way, with what they say. They are matched at the beginning of words. */
const cues: Readonly<Record<Kind, readonly (readonly [reason: string, words: readonly string[]])[]>> = {
  declarative: [
    [
      'what comes out is a label',
      ['classif', 'label', 'categor', 'triage', 'sort ', 'tag ', 'route', 'sentiment', 'spam', 'detect'],
    ],
    [
      'what comes out is a record',
      ['extract', 'record', 'field', 'json', 'structured', 'form ', 'parse', 'address', 'invoice', 'csv', 'table'],
    ],
    [
      'the right reply can be computed from the request',
      ['convert', 'normali', 'translate unit', 'format', 'clean', 'rename', 'date', 'number'],
    ],
  ],
  'tool-calling': [
    [
      'something is to be called',
      ['call', 'tool', 'function', 'api', 'mcp', 'command', 'endpoint', 'action', 'invoke'],
    ],
    [
      'what is said becomes arguments',
      ['argument', 'parameter', 'assistant that does', 'control', 'schedule', 'book ', 'order a', 'turn on', 'automat'],
    ],
    ['it must know when to ask or decline', ['ask back', 'clarif', 'declin', 'confirm', 'missing argument']],
  ],
  'essay-style': [
    [
      'what comes out is writing',
      [
        'write',
        'essay',
        'outline',
        'draft',
        'rewrite',
        'blog',
        'letter',
        'email',
        'newsletter',
        'summar',
        'story',
        'article',
        'copy',
      ],
    ],
    [
      'how it sounds counts',
      ['voice', 'tone', 'style', 'sound like', 'my own', 'author', 'polite', 'friendly', 'formal'],
    ],
    [
      'there is no single right reply',
      ['creative', 'brainstorm', 'idea', 'feedback', 'coach', 'critique', 'challenge'],
    ],
  ],
  'agentic-search': [
    [
      'the answer has to be found first',
      ['search', 'find', 'look up', 'retriev', 'rag', 'question', 'answer', 'browse'],
    ],
    [
      'it stands on documents',
      [
        'document',
        'corpus',
        'knowledge',
        'wiki',
        'manual',
        'policy',
        'file',
        'notes',
        'article base',
        'handbook',
        'docs',
      ],
    ],
    [
      'sources and several steps matter',
      ['cite', 'source', 'ground', 'evidence', 'multi-hop', 'steps', 'several pages', 'research', 'not found'],
    ],
  ],
}

export interface Recommended {
  readonly kind: Kind
  readonly points: number
  readonly reasons: readonly string[]
}

/** All ways, the nearest first; a description without any cue goes to the one that needs no code. */
export const recommend = (description: string): readonly Recommended[] => {
  const text = ` ${description.toLowerCase().replace(/[^\p{L}\p{N}-]+/gu, ' ')} `
  return kinds
    .map((kind) => {
      const matched = cues[kind].flatMap(([reason, words]) => {
        const found = words.filter((word) => text.includes(` ${word}`))
        return found.length > 0
          ? [{ reason: `${reason} (${found.map((word) => word.trim()).join(', ')})`, count: found.length }]
          : []
      })
      // each kind of reason weighs more than one more word of the same
      const points = matched.reduce((sum, { count }) => sum + 2 + Math.min(count, 3), 0)
      return { kind, points, reasons: matched.map(({ reason }) => reason) }
    })
    .sort((a, b) => b.points - a.points)
}
