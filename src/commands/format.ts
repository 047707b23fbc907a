import Table from 'cli-table3'

export * from './format-text.ts'

/** Aligned columns without borders. @param right indices of the columns that align right (numbers) */
export const table = (head: readonly string[], rows: readonly (readonly string[])[], right: readonly number[] = []) => {
  const drawn = new Table({
    chars: { ...noBorders, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: head.map((_, index) => (right.includes(index) ? 'right' : 'left')),
  })
  drawn.push([...head], ...rows.map((row) => [...row]))
  return drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

/** Every line moved in by two spaces. */
export const indent = (text: string, by = '  '): string =>
  text
    .split('\n')
    .map((line) => (line ? by + line : line))
    .join('\n')

const sides = ['top', 'bottom', 'left', 'right', 'mid']
const noBorders = Object.fromEntries(
  sides.flatMap((side) => ['', '-mid', '-left', '-right'].map((end) => [`${side}${end}`, ''])),
)
