import { hash } from 'node:crypto'
import { canonical, type DataFinding, type DataReport, messageOf } from '../../skill.ts'
import { type Checker, checkCall, checkerOf, type Report } from './call-check.ts'
import { catalogueOfFile } from './catalog.ts'
import { type Conversation, conversationOf, type Turn } from './conversations.ts'
import { checkGrounding } from './grounding.ts'
import { isObject } from './schema.ts'
import { type Catalogue, catalogueOf } from './tool-forms.ts'

/**
 * Findings for a file of conversations, one JSON text a line; blank lines are no rows. A bad row is a finding and never
 * stops the rest. Without a tools file each row's own `tools` are the catalogue.
 *
 * @param options.tools  path of a tools file, in any form that `catalogueOf` reads
 * @throws {WhetError} only for the tools file: tools-file-missing · bad-tools-file · bad-tool-schema · ...
 */
export const validateData = async (
  lines: AsyncIterable<string> | Iterable<string>,
  options: { readonly tools?: string; readonly signal?: AbortSignal },
): Promise<DataReport> => {
  const catalogue = options.tools === undefined ? undefined : await catalogueOfFile(options.tools)
  return validateConversations(lines, catalogue, options.signal)
}

/** The same with a catalogue at hand. */
export const validateConversations = async (
  lines: AsyncIterable<string> | Iterable<string>,
  catalogue: Catalogue | undefined,
  signal?: AbortSignal,
): Promise<DataReport> => {
  const findings: DataFinding[] = []
  const validator = new RowValidator(catalogue && checkerOf(catalogue))
  let [line, rows, failed] = [0, 0, 0]
  const take = (text: string) => {
    line += 1
    if (line % 1000 === 0) signal?.throwIfAborted()
    if (text.trim() === '') return
    rows += 1
    const found = validator.check(text, line)
    if (found.some(({ severity }) => severity === 'error')) failed += 1
    for (const finding of found) findings.push(finding)
  }
  // a plain list is walked without awaiting each line: that alone would cost most of the time
  if (Symbol.iterator in lines) for (const text of lines) take(text)
  else for await (const text of lines) take(text)
  return { rows, passed: rows - failed, failed, findings }
}

/** Text of a finding is cut here: a row may hold megabytes. */
const longestMessage = 300

class RowValidator {
  private readonly seen = new Map<string, number>()
  private readonly ownCatalogues = new Map<string, Checker>()

  constructor(private readonly checker: Checker | undefined) {}

  check(text: string, line: number): DataFinding[] {
    const found: DataFinding[] = []
    const report: Report = (kind, path, message, severity = 'error') =>
      void found.push({ line, kind, path, message: message.slice(0, longestMessage), severity })
    let row: unknown
    try {
      row = JSON.parse(text)
    } catch (error) {
      report('broken-json', '$', messageOf(error))
      return found
    }
    if (!isObject(row)) report('not-an-object', '$', 'a row is a JSON object')
    else this.checkRow(row, line, report)
    return found
  }

  private checkRow(row: Record<string, unknown>, line: number, report: Report): void {
    const conversation = conversationOf(row)
    if (!conversation) {
      report('no-conversation', '$', 'a row has `messages`, `conversations`, or `prompt` and `completion`')
      return
    }
    for (const { kind, path, message } of conversation.problems) report(kind, path, message)
    if (row.label !== undefined && row.label !== null && typeof row.label !== 'boolean')
      report('bad-label', '$.label', 'a label is true or false')
    this.checkDuplicate(conversation, line, report)
    checkTurns(conversation.turns, this.catalogueFor(row, conversation, report), report)
  }

  /** The same conversation twice, whatever its label: the second one teaches nothing, or the opposite. */
  private checkDuplicate({ turns }: Conversation, line: number, report: Report): void {
    const said = turns.map(({ role, text, calls }) =>
      [role, text, ...calls.flatMap(({ name, written }) => [name, written])].join('\n'),
    )
    const key = hash('sha1', said.join('\n\n'), 'base64')
    const first = this.seen.get(key)
    if (first === undefined) this.seen.set(key, line)
    else report('duplicate-row', '$', `the same conversation as in line ${first}`, 'warning')
  }

  private catalogueFor(row: Record<string, unknown>, { turns }: Conversation, report: Report): Checker | undefined {
    if (this.checker || row.tools === undefined || row.tools === null) {
      if (!this.checker && turns.some(({ calls }) => calls.length > 0))
        report('no-tools', '$', 'neither a tools file nor tools in the row: the calls are not checked', 'warning')
      return this.checker
    }
    try {
      const tools: unknown = typeof row.tools === 'string' ? JSON.parse(row.tools) : row.tools
      const key = hash('sha1', canonical(tools), 'base64')
      const checker = this.ownCatalogues.get(key) ?? checkerOf(catalogueOf(tools, 'the row'))
      this.ownCatalogues.set(key, checker)
      return checker
    } catch (error) {
      report('bad-tools', '$.tools', messageOf(error))
      return undefined
    }
  }
}

const checkTurns = (turns: readonly Turn[], checker: Checker | undefined, report: Report): void => {
  if (!turns.some(({ role }) => role === 'assistant'))
    report('no-assistant', '$', 'no turn of the assistant: nothing to learn')
  let before = ''
  const ids = new Set<string>()
  for (const turn of turns) {
    if (turn.role === 'assistant' && turn.text.trim() === '' && turn.calls.length === 0)
      report('empty-turn', turn.path, 'the assistant says nothing and calls nothing')
    if (turn.answers !== undefined && !ids.has(turn.answers))
      report('unknown-call-id', turn.path, `no call before it has the id ${turn.answers.slice(0, 60)}`, 'warning')
    const text = before
    let small: string | undefined
    const lower = () => {
      small ??= text.toLowerCase()
      return small
    }
    for (const call of turn.calls) {
      if (call.id !== undefined && ids.has(call.id))
        report('duplicate-call-id', call.path, `the id ${call.id.slice(0, 60)} comes twice`, 'warning')
      if (call.id !== undefined) ids.add(call.id)
      if (checker) checkCall(call, checker, report)
      else if (call.problem) report(call.problem.kind, call.path, call.problem.message)
      if (!call.problem) checkGrounding(call, text, lower, report)
    }
    before = `${before}\n${turn.text}`
  }
}
