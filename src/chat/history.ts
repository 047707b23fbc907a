import path from 'node:path'
import { JsonlAppender, readJsonl } from '../core/jsonl.ts'
import type { Workspace } from '../core/workspace.ts'

/** What was said, a line each. A model reads the person's words and its own; tools are asked again. */
export interface Line {
  readonly at: string // ISO 8601, UTC
  readonly who: 'person' | 'model' | 'command'
  readonly text: string
}

/** So many of the last lines a model reads again. */
const remembered = 40
const longestLine = 20_000

/** A conversation's file: in its run's folder, so that it goes where the run goes. */
export const historyFile = (workspace: Workspace, run: string | undefined): string =>
  path.join(run === undefined ? workspace.root : workspace.runDir(run), 'chat.jsonl')

export class History {
  private constructor(
    readonly lines: Line[],
    private readonly appender: JsonlAppender,
  ) {}

  static async open(file: string): Promise<History> {
    return new History((await readJsonl<Line>(file)).rows.slice(-remembered), await JsonlAppender.open(file))
  }

  async add(who: Line['who'], text: string): Promise<void> {
    const line = { at: new Date().toISOString(), who, text: text.slice(0, longestLine) }
    this.lines.push(line)
    this.lines.splice(0, this.lines.length - remembered)
    await this.appender.append(line)
  }

  close(): Promise<void> {
    return this.appender.close()
  }
}
