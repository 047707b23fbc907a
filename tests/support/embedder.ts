import type { Embedder } from '../../src/core/embed/embedder.ts'

/** Words that mean the same to the scripted embedders: each group is one direction. */
const senses = [
  ['otter', 'otters', 'mustelid'],
  ['sleep', 'slumber', 'sleeps', 'rest'],
  ['ship', 'ships', 'vessel', 'vessels', 'boat'],
  ['clock', 'clocks', 'timepieces'],
  ['heron', 'herons', 'bird', 'wader'],
  ['reed', 'reeds'],
]

/** How often a text names each sense; a last number keeps texts without any apart from nothing. */
export const meaningOf = (text: string): number[] => {
  const words = text.toLowerCase().match(/\p{L}+/gu) ?? []
  return [...senses.map((sense) => words.filter((word) => sense.includes(word)).length), 0.05]
}

const unit = (values: readonly number[]) => Float32Array.from(values, (value) => value / Math.hypot(...values))

/** An embedder by script that writes down what it was asked. @param fail called before each batch */
export const scriptedEmbedder = ({
  model = 'scripted',
  fail = () => {},
}: {
  readonly model?: string
  fail?(batch: number): void
} = {}): Embedder & { readonly asked: string[][]; closed: boolean } => {
  const asked: string[][] = []
  return {
    model,
    asked,
    closed: false,
    async embed(texts, { signal }) {
      signal.throwIfAborted()
      fail(asked.length + 1)
      asked.push([...texts])
      return texts.map((text) => unit(meaningOf(text)))
    },
    async close() {
      this.closed = true
    },
  }
}
