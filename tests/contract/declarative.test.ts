import path from 'node:path'
import { loadPlugin } from '../../src/plugins/index.ts'
import { keepsThePluginContract } from './plugin.ts'

const examples = path.join(import.meta.dirname, '..', '..', 'examples')

// a skill of one YAML file is held to the same contract as one of code
for (const name of ['ticket-triage', 'messy-orders'])
  keepsThePluginContract(await loadPlugin('./skill.yaml', path.join(examples, name)), {
    options: {},
    baseDir: path.join(examples, name),
    rows: 40,
  })
