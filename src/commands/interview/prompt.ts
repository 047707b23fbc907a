import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { reference } from '../../core/config-reference.ts'
import { SkillFile } from '../../plugins/declarative/format.ts'
import { comparison, type Kind, kinds } from '../recommend.ts'
import { templates } from '../scaffold.ts'

/** What a model has to know to draft a skill's file: the ways there are, every key, a whole example, and what makes it teachable. */
export const draftPrompt = async (name: string, like: Kind | undefined): Promise<string> =>
  [
    'You write the first draft of a skill that a small language model is to learn. Answer with the way that fits, why, and the file.',
    like
      ? `The way is ${like}.`
      : `The ways:\n${kinds.map((kind) => `- ${kind}: ${summary(kind)}`).join('\n')}\nDeclarative wins wherever the right reply can be computed from what was drawn for an item.`,
    `A declarative skill is one YAML file, skill.yaml. Its keys:\n\n${reference(SkillFile)}`,
    `A whole one:\n\n${await readFile(path.join(templates, 'declarative', 'skill.yaml'), 'utf8')}`,
    rules(name),
  ].join('\n\n')

const summary = (kind: Kind): string =>
  ['what goes in', 'what comes out', 'source of truth'].map((row) => `${row}: ${comparison[kind][row]}`).join('; ')

const rules = (name: string): string =>
  `What makes a good file:
- \`name\` is ${name}. The file stands alone: no \`rows\`, no \`documents\`, and the schema is written out.
- Each label has at least sixteen wordings, as different from each other as those of sixteen people, and there are seventy in all; each pool has at least sixteen values. Every wording and value belongs to training or to one evaluation, so few of them teach little and prove nothing.
- A wording holds no slot of phrases. In \`gold\` a slot of phrases is its label, any other slot its value. A text that begins with = is JSONata.
- Where people would be in doubt between two labels, word both sides of the border.
- What must never happen is a check, or a mistake that fails a check, and not a sentence in \`system\`.
- Checks are code (exact, number, regex, length ...) wherever code can tell. \`question\` is for what it cannot.
- Mistakes are those that a careless student would make.`
