import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { loadConfig } from '../../src/core/config.ts'
import type { GenerateContext } from '../../src/core/contract.ts'
import { RunStore } from '../../src/core/store.ts'
import { Diversity } from '../../src/core/teacher/diversity.ts'
import { Tally } from '../../src/core/teacher/tally.ts'
import { Workspace } from '../../src/core/workspace.ts'
import { startRun } from '../../src/graph/engine.ts'
import { meaningOf } from '../support/embedder.ts'
import { answers, lastOf, type ScriptedOpenAi, startScriptedOpenAi } from '../support/scripted-openai.ts'
import { toySkill, toyStudents, toyTrainer } from '../support/toy.ts'

let [server, dir]: [ScriptedOpenAi | undefined, string] = [undefined, '']
afterEach(async () => {
  await server?.close()
  rmSync(dir, { recursive: true, force: true })
})

const said = ['The otter sleeps.', 'Mustelid slumber!', 'An otter at rest?', 'Rest, otters.', 'Sleep well, otter.']

/** The toy skill, whose teacher is asked once for texts and once more with what is said against their sameness. */
const taught = () => {
  const toy = toySkill()
  return {
    ...toy,
    async *generate(spec: Parameters<typeof toy.generate>[0], definition: never, context: GenerateContext) {
      const { teacher } = context
      if (teacher) {
        const diversity = new Diversity(context.embed)
        await diversity.add(...said)
        const asked = [{ role: 'user' as const, content: `Another one. ${diversity.advice}` }]
        await teacher.complete(asked, z.object({ text: z.string() }))
        context.yielded?.(new Tally('texts').result(diversity.measured))
      }
      yield* toy.generate(spec, definition, context)
    },
  }
}

const run = async (roles: (url: string) => string) => {
  server = await startScriptedOpenAi(({ input }) =>
    Array.isArray(input)
      ? { body: JSON.stringify({ data: input.map((text, index) => ({ index, embedding: meaningOf(text) })) }) }
      : answers.json({ text: 'A ship.' }),
  )
  dir = mkdtempSync(path.join(tmpdir(), 'whet-meaning-'))
  const file = path.join(dir, 'whetstone.yaml')
  writeFileSync(
    file,
    `skill: toy\nevaluation: { dev: 60, gate: 120, sealed: 10 }\nloop: { rounds: 1, rows: 40 }\nstudent: { slots: 8 }\nroles: { teacher: { model: teacher, baseUrl: "${server.url}" }${roles(server.url)} }\n`,
  )
  const workspace = Workspace.at(dir)
  const { run: name } = await startRun({
    workspace,
    plugin: taught() as never,
    machines: { trainer: toyTrainer(), students: toyStudents([[], ['plain']]) },
    loaded: await loadConfig(file),
  })
  const store = RunStore.open(workspace.run(name).database)
  const [told] = store.events({ types: ['teacher.yield'] })
  store.close()
  return { measured: told?.data, asked: server.requests.filter(({ input }) => !input).map(lastOf) }
}

test('what a teacher writes is measured by meaning where the config has vectors, and it is told what too many texts mean', async () => {
  const { measured, asked } = await run((url) => `, embed: { model: vectors, baseUrl: "${url}" }`)
  expect(measured).toMatchObject({ spread: 1, meaning: expect.any(Number) })
  expect((measured as { meaning: number }).meaning).toBeLessThan(0.2) // five texts in other words about one thing
  expect(asked.join()).toContain('Too many mean the same as "The otter sleeps."')
})

test('without vectors words are measured alone, and nobody is asked for any', async () => {
  const { measured, asked } = await run(() => '')
  expect(measured).toMatchObject({ spread: 1 })
  expect(measured).not.toHaveProperty('meaning')
  expect(asked.join()).toContain('Another one. undefined')
  expect(server!.requests.every(({ input }) => input === undefined)).toBe(true)
})
