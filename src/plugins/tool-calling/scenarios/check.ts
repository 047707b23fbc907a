import { type Split, WhetError } from '../../../skill.ts'
import { compiled } from '../compiled.ts'
import type { Definition } from '../definition.ts'

const splits: readonly Split[] = ['train', 'dev', 'gate', 'sealed']

/**
 * Scenarios are carried out for real, so they need a vault or a server with a sandbox, and every split needs some.
 * @throws {WhetError} scenarios-need-sandbox · no-scenarios
 */
export const checkScenarios = (definition: Definition): void => {
  if (!definition.scenarios) return
  if (!definition.vault && !(definition.server && definition.sandbox))
    throw refuse(
      'scenarios-need-sandbox',
      'Scenarios are carried out for real: set options.sandbox beside tools.mcp, or use tools: { vault: true }.',
    )
  const { scenarios } = compiled(definition)
  for (const split of splits)
    if (!scenarios.some((family) => family.split === split)) {
      const { least, most } = definition.scenarios
      throw refuse(
        'no-scenarios',
        `No scenario of ${least} to ${most} turns fits the tools in the split ${split}. Widen options.scenarios.least and most, or offer more tools.`,
      )
    }
}

const refuse = (code: string, message: string) => new WhetError({ code, message, fixedBy: 'config', exit: 2 })
