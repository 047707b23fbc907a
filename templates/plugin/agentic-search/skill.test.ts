// The contract, one test a claim. Change nothing here; write tests of your own below.
import * as vitest from 'vitest'
import { keepsThePluginContract } from 'whetstone/skill'
import { plugin } from './skill.ts'

keepsThePluginContract(vitest, plugin, { options: {}, baseDir: import.meta.dirname })
