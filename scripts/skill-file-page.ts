import { reference } from '../src/core/config-reference.ts'
import { SkillFile } from '../src/plugins/declarative/format.ts'

/** docs/skill-file.md, made from the schema that checks a declarative skill. */
export const skillFilePage = (): string =>
  [
    '# The file of a declarative skill',
    '',
    'Made from the schema by `node --import tsx scripts/config-reference.mjs`; a test fails while it is out of date. How it works: [declarative-skills.md](declarative-skills.md).',
    '',
    reference(SkillFile),
  ].join('\n')
