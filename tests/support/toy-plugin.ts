/** The toy skill as a file that a config can name. */
import { toySkill } from './toy.ts'

export const plugin = toySkill()
