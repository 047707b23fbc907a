import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach } from 'vitest'
import type { SpecFile } from '../../src/core/analyst.ts'
import { loadConfig } from '../../src/core/config.ts'
import { readJson } from '../../src/core/jsonl.ts'
import { Workspace } from '../../src/core/workspace.ts'
import { startRun } from '../../src/graph/engine.ts'
import {
  type ScriptedAnswer,
  type ScriptedOpenAi,
  type ScriptedRequest,
  startScriptedOpenAi,
} from './scripted-openai.ts'
import { toySkill, toyStudents, toyTrainer } from './toy.ts'

/** The kinds that the toy student has learned, by round. */
export const grows = [[], ['plain'], ['plain', 'loud'], ['plain', 'loud', 'twice']]

export const folder = () => mkdtempSync(path.join(tmpdir(), 'whet-analyst-'))

/** What an analyst of the toy skill may name. */
export const vocabulary = {
  dimensions: { kind: ['loud'] },
  criteria: ['right'],
  mistakes: [],
  stages: ['sft' as const] as const,
}
/** What marks a role, a fence or a call in a prompt: data must bring none of it along. */
export const boundaries =
  /<\|[a-z_]+\|>|<\/?s>|\[\/?INST\]|<<\/?SYS>>|<\/?(?:transcript|think|tool_call)>|\n## ?System/g

/** A scripted endpoint for each test of a file, closed after it, and runs of the toy skill whose analyst asks there. */
export const analystEndpoint = () => {
  let server: ScriptedOpenAi | undefined
  afterEach(() => server?.close())
  return {
    /** That of the test at work. */
    get server(): ScriptedOpenAi {
      return server!
    },
    serve: async (answer: (request: ScriptedRequest, number: number) => ScriptedAnswer) => {
      server = await startScriptedOpenAi(answer)
    },
    /** A run from its start to its end. */
    world: async (
      dir = folder(),
      more: {
        roles?: string // and what else the config has
        students?: ReturnType<typeof toyStudents>
        rounds?: number
        plugin?: ReturnType<typeof toySkill>
      } = {},
    ) => {
      const file = path.join(dir, 'whetstone.yaml')
      writeFileSync(
        file,
        `skill: toy
evaluation: { dev: 60, gate: 120, sealed: 20 }
loop: { rounds: ${more.rounds ?? 4}, rows: 40 }
student: { slots: 8 }
roles:
  analyst: { model: m, baseUrl: "${server!.url}", retries: 0 }
${more.roles ?? ''}`,
      )
      const workspace = Workspace.at(dir)
      const warnings: string[] = []
      const outcome = await startRun({
        workspace,
        plugin: more.plugin ?? toySkill(),
        machines: { trainer: toyTrainer(), students: more.students ?? toyStudents(grows) },
        loaded: await loadConfig(file),
        onEvent: (event) => event.type === 'warning' && warnings.push(event.data.message),
      })
      const files = workspace.run(outcome.run)
      const spec = async (round: number) => (await readJson<SpecFile>(files.round(round).spec))!
      return { outcome, workspace, files, spec, warnings }
    },
  }
}
