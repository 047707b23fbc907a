import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { checkRoles, keysOf } from '../../src/commands/doctor-roles.ts'
import { loadConfig } from '../../src/core/config.ts'
import { Workspace } from '../../src/core/workspace.ts'
import { answers, startScriptedOpenAi } from '../support/scripted-openai.ts'

test('whet doctor says what each role’s model can do, and what is wrong with one that does not work', async () => {
  const server = await startScriptedOpenAi(({ model, response_format }) => {
    if (model === 'lost') return answers.failing(404, 'model not found')
    return response_format ? answers.failing(400) : answers.json({ word: 'whetstone' })
  })
  const dir = mkdtempSync(path.join(tmpdir(), 'whet-doctor-'))
  const file = path.join(dir, 'whetstone.yaml')
  const role = (model: string) => `{ model: ${model}, baseUrl: "${server.url}" }`
  writeFileSync(file, `skill: toy\nroles: { judge: ${role('good')}, analyst: ${role('lost')} }\n`)
  const checks = await checkRoles(await loadConfig(file), Workspace.at(dir), new AbortController().signal)
  await server.close()
  expect(checks).toMatchObject([
    { name: 'judge', ok: true, detail: expect.stringMatching(/plain JSON.*no tool calls, token counts, seed/) },
    { name: 'analyst', ok: false, fix: expect.stringMatching(/does not know this model/) },
  ])
})

test('without being asked to, it calls nobody: it only looks whether the keys are there', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'whet-doctor-'))
  const file = path.join(dir, 'whetstone.yaml')
  const role = (key: string) => `{ model: m, baseUrl: "http://127.0.0.1:9/v1", apiKeyEnv: ${key} }`
  writeFileSync(file, `skill: toy\nroles: { judge: ${role('PATH')}, analyst: ${role('WHET_NO_SUCH_KEY')} }\n`)
  expect(keysOf(await loadConfig(file))).toMatchObject([
    { name: 'judge', ok: true, detail: expect.stringMatching(/not asked.*--roles/) },
    { name: 'analyst', ok: false, fix: expect.stringMatching(/WHET_NO_SUCH_KEY/) },
  ])
})

test('it greets every address of a student and of a role that is served in several places', async () => {
  const [well, ill] = await Promise.all(
    [0, 1].map(() => startScriptedOpenAi(() => answers.json({ word: 'whetstone' }))),
  )
  const dir = mkdtempSync(path.join(tmpdir(), 'whet-doctor-'))
  const file = path.join(dir, 'whetstone.yaml')
  const student = `{ url: "${well!.url}", replicas: ["${ill!.url}"] }`
  writeFileSync(file, `skill: toy\nstudent: ${student}\n`)
  await ill!.close()
  const checks = await checkRoles(await loadConfig(file), Workspace.at(dir), new AbortController().signal)
  await well!.close()
  expect(checks).toMatchObject([
    { name: 'student', ok: true, detail: `${new URL(well!.url).host} answers` },
    { name: 'student', ok: false, detail: `${new URL(ill!.url).host}: nobody answers (ECONNREFUSED)` },
  ])
})
