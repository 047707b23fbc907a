// The contract, one test a claim. Change nothing here; write tests of your own below.
import * as vitest from 'vitest'
import { loadPlugin } from 'whetstone'
import { keepsThePluginContract } from 'whetstone/skill'

const baseDir = import.meta.dirname

keepsThePluginContract(vitest, await loadPlugin('./skill.yaml', baseDir), { options: {}, baseDir })
