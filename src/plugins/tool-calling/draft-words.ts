/** How a drafted pack words requests. `{act}` is what the tool does, `{args}` the values that it needs. */
export const openers: readonly string[] = [
  '{Act}: {args}.',
  'Please {act}, {args}.',
  'I need you to {act}. Take {args}.',
  'Can you {act}, {args}?',
  '{Act}. Use {args}.',
  'Could you {act} for me? Here it is: {args}.',
  'I want to {act}: {args}.',
  "Let's {act}, {args}.",
  'Go ahead and {act} ({args}).',
  'Time to {act}: {args}.',
  'Would you {act} please: {args}?',
  'My next task is to {act}, {args}.',
  '{Act} now, {args}.',
  'Help me {act}: {args}.',
  'What I need is this: {act}, {args}.',
  'Next, {act} with {args}.',
  'Be so kind and {act}: {args}.',
  'You should {act}, {args}.',
  'Kindly {act}; {args}.',
  'For my work, {act}: {args}.',
  'I would like you to {act}: {args}.',
  'Now {act}, with {args}.',
  'Do this: {act}, {args}.',
  'One more thing: {act}, {args}.',
  'Today I have to {act}. {args}.',
  'Quickly {act}, {args}.',
  'It is about this: {act}, {args}.',
  'Then {act}: {args}.',
  'We have to {act}, {args}.',
  'Just {act}: {args}.',
]

/** Requests without the values: what is missing has to be asked for. `{rest}` are the values that are there. */
export const bare: readonly string[] = [
  '{Act}{rest}.',
  'Please {act}{rest}.',
  'I need you to {act}{rest}.',
  'Can you {act}{rest}?',
  'Could you {act} for me{rest}?',
  'I want to {act}{rest}.',
  "Let's {act}{rest}.",
  'Go ahead and {act}{rest}.',
  'Time to {act}{rest}.',
  'Would you {act} please{rest}?',
  '{Act} now{rest}.',
  'Help me {act}{rest}.',
  'Be so kind and {act}{rest}.',
  'Kindly {act}{rest}.',
  'I would like you to {act}{rest}.',
  'My next task is to {act}{rest}.',
]

/** Requests that hardly any tool serves; those that share a word with a tool are left out. */
export const foreign: readonly string[] = [
  'What will the weather be tomorrow?',
  'Order a pizza for tonight.',
  'Book a flight to Lisbon.',
  'Sing me a song.',
  'Call my sister and tell her that I am late.',
  'Turn the heating down by two degrees.',
  'Water the plants on the balcony.',
  'Play some quiet jazz.',
  'Wake me at six.',
  'How many calories has an apple?',
  'Wash the dishes.',
  'Park the car closer to the house.',
  'Print this on the colour printer in the hall.',
  'Translate this paragraph into Latin.',
  'Tell me a joke about bears.',
  'Reserve a table for four at the Greek place.',
  'What is the exchange rate of the krona?',
  'Draw me a picture of a lighthouse.',
  'Feed the cat at noon.',
  'Dim the lamps in the kitchen.',
  'Who won the match last night?',
  'Buy two concert tickets.',
  'Which bus goes to the harbour?',
  'Iron my blue shirt.',
  'Pay the electricity bill.',
  'Measure my heart rate.',
  'Lock the front door.',
  'Recommend a film for the evening.',
  'Make me a cup of tea.',
  'How tall is Mount Fuji?',
  'Repair the bicycle.',
  'Rent a boat for Sunday.',
  'Shovel the snow off the path.',
  'Bake a cake with cherries.',
  'What does the horoscope say?',
  'Walk the dog around the block.',
]

const endings = ['', ' Thanks!', ' It is urgent.', ' Take your time.']

/** So many wordings: after the last one they begin again with another ending. */
export const worded = (texts: readonly string[], count: number): string[] =>
  Array.from({ length: Math.min(count, texts.length * endings.length) }, (_, at) => {
    const text = texts[at % texts.length] ?? ''
    return `${text}${endings[Math.floor(at / texts.length)] ?? ''}`
  })

export const refusal = 'None of my tools can do that.'
