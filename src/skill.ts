/**
 * `whetstone/skill`: what a skill is made with, in one place. The skills that come with the product import nothing else of it.
 *
 * Semver: a name leaves or changes its meaning in a major version only; `contract` counts the versions of the plugin contract.
 */

// good and bad replies to one prompt, and what their surface gives away
export { anchorsOf, type Direction, directionsOf } from './core/anchors.ts'
// JSON Schema: validators that judge and never mend, and a form of JSON that does not hang on the order of keys
export { canonical } from './core/canonical.ts'
// checks: what a reply may be held to. Each gives a score with its reason
export { checkEquals, checkNumber, checkOrder, checkSet, type Judged } from './core/checks/compare.ts'
export { checkLanguage, checkReadability } from './core/checks/language.ts'
export { checkContains, checkLength, checkPattern, type LengthUnit, lengthUnits } from './core/checks/text.ts'
// seeded choices, and pools of which each split has its own values
export { coinedWords } from './core/coined.ts'
// the contract: one object, all six stages
export * from './core/contract.ts'
// conversations as people store them
export { messageRoles } from './core/data/roles.ts'
// near-duplicates among short texts
export { NearDuplicates } from './core/dedupe.ts'
// text out of people's own files: plain text, Markdown, HTML, Word
export { type DocumentText, documentExtensions, documentText } from './core/document-text.ts'
// texts as vectors of meaning
export { type Embedder, EmbedderSetting, openEmbedder } from './core/embed/embedder.ts'
// the base of an environment: tools as functions, calls checked against their schemas
export { type EnvironmentTool, functionEnvironment } from './core/environment.ts'
// faults that a person can act on; one bad item is data and no fault
export { exitCodes, isWhetError, messageOf, WhetError } from './core/errors.ts'
export { excerpt } from './core/excerpt.ts'
// JSONata in a worker, each within a time limit
export { type ExpressionFault, Expressions, parseExpression } from './core/expression.ts'
export { BadPath, type JsonPath, jsonPath, type Location, valueAt } from './core/json-path.ts'
export { compileSchema, schemaHash, selfReference } from './core/json-schema.ts'
// long files line by line, and the user's cache
export { readLines } from './core/jsonl.ts'
// a rubric's question that needs more than the episode, for a judge
export { judgeQuestion } from './core/judge/ask.ts'
export { requireKnownTags } from './core/known-tags.ts'
// text of others, fit to be shown to people, and to models as data
export { quoted } from './core/llm-analyst/fence.ts'
// mistakes: the plausible ways in which a reply goes wrong
export { type MistakeKind, type MistakeOptions, makeMistake, mistakeKinds, written } from './core/mistakes.ts'
export { nearest, unknownName } from './core/nearest.ts'
export { lintPairs, type PairLint } from './core/pair-lint.ts'
export { interleave, type Pair, type PreferenceRow } from './core/pairs.ts'
export { type LinearPattern, linearPattern } from './core/pattern.ts'
export { pythonHome } from './core/python-find.ts'
export { mulberry32, pick, type Random, sample, seedFrom, shuffle } from './core/random.ts'
// rubrics and other YAML files, read so that an error names line and column
export { RubricFields, readRubric } from './core/rubric.ts'
export { position, splitOf, splitPool } from './core/splits.ts'
// what a teacher writes: counted by reason, and steered away from repeating itself
export { Diversity } from './core/teacher/diversity.ts'
export { spanIn } from './core/teacher/span.ts'
export { Tally } from './core/teacher/tally.ts'
export { type Piece, parseTemplate, render, type SlotValues, slotsOf } from './core/template.ts'
// phrase templates: `[Show|Print] {path}`
export { patternsOf, type ValueSource, type Values, valueNames, valueSource, valueSplit } from './core/values.ts'
export { parseYaml, yamlError } from './core/yaml-error.ts'
export { YamlFile } from './core/yaml-file.ts'
export { type Problem, schemaProblems } from './core/yaml-problems.ts'

// the test kit: the contract suite as claims, and as tests of Vitest
export { type CheckOptions, type Claim, checkPlugin, checks } from './testing/plugin-suite.ts'
export { keepsThePluginContract, type TestFunctions } from './testing/vitest.ts'
export type { Check } from './testing/world.ts'
