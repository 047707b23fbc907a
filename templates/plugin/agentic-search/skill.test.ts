import * as vitest from 'vitest'
import { keepsThePluginContract } from 'whetstone/skill'
import { plugin } from './skill.ts'

keepsThePluginContract(vitest, plugin, { options: {}, baseDir: import.meta.dirname })
