import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const style = readFileSync(new URL('app/style/theme.css', import.meta.url), 'utf8')

/** The colours of a theme by name. */
const colors = (selector: string): Record<string, string> => {
  const block = style.slice(style.indexOf(selector)).split('}')[0]!
  return Object.fromEntries([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6})/g)].map(([, name, value]) => [name, value]))
}

/** WCAG 2.2, relative luminance and contrast ratio. */
const luminance = (hex: string): number => {
  const [red, green, blue] = [1, 3, 5]
    .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((channel) => (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4)) as [
    number,
    number,
    number,
  ]
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
const contrast = (a: string, b: string): number => {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

test.each([':root {', ':root[data-theme="light"]'])(
  'every text colour of %s has the contrast of WCAG AA on page and card',
  (selector) => {
    const found = colors(selector)
    for (const name of ['text', 'dim', 'accent', 'good', 'bad', 'warn'])
      for (const ground of ['page', 'card'])
        expect(contrast(found[name]!, found[ground]!), `${name} on ${ground}`).toBeGreaterThanOrEqual(4.5)
    expect(contrast(found['on-accent']!, found.accent!)).toBeGreaterThanOrEqual(4.5)
  },
)
