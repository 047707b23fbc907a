import { visible } from './text.ts'

/** HTML that is safe as it stands. Only `html` and `raw` make it. */
export class Html {
  constructor(readonly text: string) {}
}
export type Part = Html | string | number | null | undefined | false | readonly Part[]

/** A template whose values are escaped unless they are `Html`: what a student wrote cannot become markup by an oversight. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html =>
  new Html(strings.reduce((text, string, at) => text + render(parts[at - 1]) + string))

/** For markup that this program made itself: styles and charts. */
export const raw = (text: string): Html => new Html(text)

const render = (part: Part): string => {
  if (part === null || part === undefined || part === false) return ''
  if (part instanceof Html) return part.text
  if (typeof part === 'object') return part.map(render).join('')
  return visible(String(part)).replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`)
}
