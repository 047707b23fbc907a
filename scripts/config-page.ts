import { configReference, reference } from '../src/core/config-reference.ts'
import { plugins } from '../src/plugins/index.ts'

/** docs/config.md, made from the schemas that check the file. */
export const configPage = (): string =>
  [
    '# whetstone.yaml',
    '',
    'Made from the schema by `node --import tsx scripts/config-reference.mjs`; a test fails while it is out of date. Unknown keys are refused with the nearest right one.',
    '',
    configReference(),
    ...Object.values(plugins).flatMap((plugin) => [`## options of ${plugin.name}`, '', reference(plugin.options)]),
  ].join('\n')
