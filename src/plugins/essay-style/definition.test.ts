import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { essayStyle } from './index.ts'
import { context } from './test-support.ts'

const baseDir = mkdtempSync(path.join(tmpdir(), 'whet-define-'))
const sample = (author: string, n: number) =>
  readFileSync(new URL(`./authors/${author}/${String(n).padStart(2, '0')}.txt`, import.meta.url), 'utf8')
const folder = (name: string, texts: readonly string[]) => {
  mkdirSync(path.join(baseDir, name), { recursive: true })
  for (const [at, text] of texts.entries())
    writeFileSync(path.join(baseDir, name, `${String(at).padStart(2, '0')}.md`), text)
}
const define = (options: Record<string, unknown>) =>
  essayStyle.define(essayStyle.options.parse(options), { ...context, baseDir })

describe('defining the skill', () => {
  test('takes the voice of a folder beside the config, and no text of it is frozen', async () => {
    folder(
      'mine 🌊',
      [1, 2, 3, 4].map((n) => sample('g-k-chesterton', n)),
    )
    const { voice } = await define({ author: 'mine 🌊' })
    expect(voice.author).toMatchObject({ name: 'mine 🌊', pieces: { length: 4 } })
    expect(JSON.stringify(voice)).not.toContain(sample('g-k-chesterton', 1).slice(200, 260))
  })
  test('refuses a folder with too few words, and names where more can be seen', async () => {
    folder('small', [
      'It was a day like any other, and I did not think that there was much to say about it. '.repeat(20),
    ])
    await expect(define({ author: 'small' })).rejects.toMatchObject({
      code: 'writing-too-small',
      exit: 2,
      data: { words: 400 },
    })
  })
  test('says with the evidence where two authors are mixed', async () => {
    folder(
      'both',
      [1, 2, 3, 4, 5, 6].flatMap((n) => [sample('jerome-k-jerome', n), sample('ralph-waldo-emerson', n)]),
    )
    const { voice } = await define({ author: 'both' })
    expect(voice.notes[0]).toMatch(
      /seem to be by two hands\. Parted in two, they lie 1\.\d+ apart; texts of one author come apart by at most 0\.\d+\. One group: /,
    )
  })
  test('takes a contract of one’s own, and says which line of it is wrong', async () => {
    const own = readFileSync(new URL('./contracts/compact.yaml', import.meta.url), 'utf8')
    writeFileSync(
      path.join(baseDir, 'mine.yaml'),
      `${own.replace('Key Themes }', 'Key Themes }').replace('heading: Next Steps', 'heading: What next')}also: { praise: [top notch] }\n`,
    )
    const { contract } = await define({ contract: 'mine.yaml' })
    expect(contract.next.heading).toBe('What next')
    expect(contract.phrases.praise).toContain('top notch')
    writeFileSync(path.join(baseDir, 'wrong.yaml'), own.replace('count: [4, 6]', 'count: [6, 4]'))
    await expect(define({ contract: 'wrong.yaml' })).rejects.toThrow(
      /wrong\.yaml:\d+:\d+: sections\.count: expected the smaller number first/,
    )
  })
})
