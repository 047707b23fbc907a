import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { packagedEmbedder, startEmbedServer } from './packaged.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whet-embed-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const { signal } = new AbortController()

/** Stands for trainers/embed.py: answers two numbers a text, and dies of the text "die". */
const stub = `
import { createServer } from 'node:http'
const server = createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += chunk
  const { input } = JSON.parse(body)
  if (input.includes('die')) process.exit(1)
  response.end(JSON.stringify({ data: input.map((text, index) => ({ index, embedding: [text.length, 1] })) }))
})
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ url: 'http://127.0.0.1:' + server.address().port })))
process.stdin.resume().on('end', () => process.exit(0))
`
const opened = (script: string) => {
  const file = join(folder, 'embed.mjs')
  writeFileSync(file, script)
  let starts = 0
  const start = async () => {
    starts += 1
    return startEmbedServer([process.execPath, file], signal)
  }
  return { embedder: packagedEmbedder({ start }), starts: () => starts }
}

test('nothing is started before the first text; then one server serves all', async () => {
  const { embedder, starts } = opened(stub)
  expect(await embedder.embed([], { signal })).toEqual([])
  expect(starts()).toBe(0)
  const [one, two] = await Promise.all([embedder.embed(['a'], { signal }), embedder.embed(['bb', 'c'], { signal })])
  expect([one.length, two.length, starts()]).toEqual([1, 2, 1])
  await embedder.close()
})

test('a server that dies is told, and the next text starts another', async () => {
  const { embedder, starts } = opened(stub)
  await expect(embedder.embed(['die'], { signal })).rejects.toMatchObject({ code: 'embedder-died', fixedBy: 'machine' })
  expect(await embedder.embed(['a'], { signal })).toHaveLength(1)
  expect(starts()).toBe(2)
  await embedder.close()
})

test('a model that cannot be loaded says why', async () => {
  const said = JSON.stringify({
    error: { code: 'model-unusable', message: 'model could not be loaded: no config.json' },
  })
  const { embedder } = opened(`console.error(${JSON.stringify(said)}); process.exit(2)`)
  const error = await embedder.embed(['a'], { signal }).catch((error) => error)
  expect(error).toMatchObject({ code: 'embedder-not-started', data: { reason: 'model-unusable' } })
  expect(error.message).toContain('no config.json')
  await embedder.close()
})
