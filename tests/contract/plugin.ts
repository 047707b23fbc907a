import * as vitest from 'vitest'
import { type AnySkill, type CheckOptions, keepsThePluginContract as keeps } from '../../src/skill.ts'

/** The plugin contract as tests, one a claim. A plugin of one's own runs it with options that it can be defined with. */
export const keepsThePluginContract = (plugin: AnySkill, options: CheckOptions): void => keeps(vitest, plugin, options)
