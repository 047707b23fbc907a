import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pc from 'picocolors'
import { expect, test } from 'vitest'
import type { CommandContext, Implementation } from './command.ts'
import { command as compare } from './voice-compare.ts'
import { command as show } from './voice-show.ts'

const dir = mkdtempSync(path.join(tmpdir(), 'whet-voice-'))
const signal = new AbortController().signal
const context: CommandContext = {
  ...{ cwd: dir, by: 'test', interactive: false, signal, drain: signal },
  ...{ onEvent: () => {}, emit: () => {}, note: () => {}, progress: () => {}, ask: async () => undefined },
  turn: (work) => work(signal),
}
const printed = async (command: Implementation, input: unknown) =>
  command.render(await command.run(command.input.parse(input), context), {
    colors: pc.createColors(false),
    columns: 100,
  })

test('voice show prints a voice and writes its profile and its map', async () => {
  const text = await printed(show, { folder: 'jerome-k-jerome', save: 'voice.json', plot: 'voice.svg' })
  expect(text).toMatch(/45,072 words[\s\S]*6 to 10 +━+[\s\S]*contractions[\s\S]*ralph-waldo-emerson[\s\S]*wrote /)
  expect(JSON.parse(readFileSync(path.join(dir, 'voice.json'), 'utf8'))).toMatchObject({
    author: 'jerome-k-jerome',
    words: 45_072,
  })
  const map = readFileSync(path.join(dir, 'voice.svg'), 'utf8')
  expect(map.match(/<path|<use/g)?.length).toBeGreaterThanOrEqual(120)
})
test('voice compare says what the distance means', async () => {
  expect(await printed(compare, { a: 'jerome-k-jerome', b: 'g-k-chesterton' })).toMatch(
    /distance 1\.\d+ +95 % 1\.\d+ to 1\.\d+ +two voices/,
  )
})
