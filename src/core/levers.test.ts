import { expect, test } from 'vitest'
import { openLevers } from './levers.ts'

const at = { withoutGain: 1, pulled: [], teaches: 'sft', room: 1.5 } as const

test.each([
  ['nothing while rounds gain', { withoutGain: 0 }, []],
  ['more rows first, then a gentler rate', {}, ['rows', 'gentler']],
  ['no more rows where the time has no room for them', { room: 1 }, ['gentler']],
  [
    'harder mistakes and no more rows where pairs are taught, whose number is set',
    { teaches: 'kto' },
    ['harder', 'gentler'],
  ],
  ['no rows for rewards, whose number is set too', { teaches: 'grpo' }, ['gentler']],
  ['each once between two promotions', { pulled: [{ lever: 'rows', round: 3 }] }, ['gentler']],
  [
    'nothing when all had their turn',
    {
      pulled: [
        { lever: 'rows', round: 3 },
        { lever: 'gentler', round: 4 },
      ],
    },
    [],
  ],
] as const)('a plateau opens %s', (_, changed, open) => expect(openLevers({ ...at, ...changed })).toEqual(open))
