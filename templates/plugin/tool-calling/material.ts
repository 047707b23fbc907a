/** What can be called, and how people ask for it. Change this first: everything else follows from it. */
import { coinedWords, type ToolSchema } from 'whetstone/skill'

const text = (description: string) => ({ type: 'string', description })

/** The tools that a student is shown. Their arguments are the slots of the requests below. */
export const tools: readonly ToolSchema[] = [
  {
    name: 'set_timer',
    description: 'Starts a timer.',
    parameters: {
      type: 'object',
      properties: { minutes: { type: 'integer' }, label: text('what it is for') },
      required: ['minutes', 'label'],
    },
  },
  {
    name: 'add_to_list',
    description: 'Adds a thing to a list.',
    parameters: {
      type: 'object',
      properties: { list: text('name of the list'), thing: text('what to add') },
      required: ['list', 'thing'],
    },
  },
]

/** Ways to begin and to go on; each combination is one wording, and each wording belongs to one split. */
const wordings = (begins: readonly string[], goesOn: readonly string[]) =>
  begins.flatMap((begin) => goesOn.map((rest) => `${begin} ${rest}`))

export const requests: Readonly<Record<string, readonly string[]>> = {
  set_timer: wordings(
    ['Set', 'Start', 'Please start', 'I need', 'Run', 'Can you set', 'Begin', 'Give me', 'I want', 'Make'],
    [
      'a timer of {minutes} minutes for {label}.',
      'a {minutes} minute timer, call it {label}.',
      'the {label} timer, {minutes} minutes.',
      'a timer for {label}: {minutes} minutes.',
      'a timer named {label} that takes {minutes} minutes.',
    ],
  ),
  add_to_list: wordings(
    ['Put', 'Add', 'Please add', 'Write', 'Can you put', 'Note', 'Place', 'Save', 'Store', 'I want'],
    [
      '{thing} on the {list} list.',
      '{thing} on my list {list}.',
      '{thing} down, list {list}.',
      'one more to {list}: {thing}.',
      '{thing} under {list}.',
    ],
  ),
}

/** Values that a slot can take. Made-up words can only be copied, which is what a student has to learn. */
export const values: Readonly<Record<string, readonly string[]>> = {
  minutes: Array.from({ length: 118 }, (_, n) => String(n + 2)),
  label: coinedWords(400),
  thing: coinedWords(800).slice(400),
  list: [
    'shopping',
    'packing',
    'reading',
    'garden',
    'party',
    'school',
    'office',
    'weekend',
    'garage',
    'kitchen',
    'gifts',
    'repairs',
    'holiday',
    'birthday',
    'cellar',
    'market',
    'pharmacy',
    'wishes',
    'books',
    'films',
    'meals',
    'chores',
    'travel',
    'pets',
  ],
}
