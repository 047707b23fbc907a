import { canonical, type Environment, type EnvironmentContext, type ToolCall } from '../../skill.ts'
import type { Definition } from './definition.ts'
import type { EndState, ToolAnswer } from './effect.ts'
import { goldCall } from './gold.ts'
import type { Item } from './item.ts'
import { layFixture, treeOf } from './sandbox.ts'
import { SandboxServer } from './server-pool.ts'

/**
 * The real server with the scratch folder as all that it can reach, emptied and laid out for this item. Without a
 * declared sandbox nothing is ever executed.
 */
export const environment = async (
  item: Item,
  definition: Definition,
  { signal, scratch }: EnvironmentContext,
): Promise<Environment> =>
  definition.sandbox && definition.server
    ? new Sandbox(item, definition, SandboxServer.of(definition.server, scratch), scratch, signal)
    : dry

/** Where the config declares no sandbox. */
const dry: Environment = {
  call: async () => ({ content: 'Not executed: the config declares no sandbox.', isError: false }),
  endState: async () => undefined,
  close: async () => {},
}

class Sandbox implements Environment {
  private readonly answers: ToolAnswer[] = []
  private laid = false

  constructor(
    private readonly item: Item,
    private readonly definition: Definition,
    private readonly server: SandboxServer,
    private readonly folder: string,
    private readonly signal: AbortSignal,
  ) {}

  async call(call: ToolCall, signal: AbortSignal): Promise<ToolAnswer> {
    await this.lay()
    // a tool that the request did not show does not exist for the student
    const answer = this.item.menu.includes(call.name)
      ? await this.server.call(call.name, call.arguments, signal)
      : { content: `There is no tool ${call.name.slice(0, 60)}.`, isError: true }
    this.answers.push(answer)
    return answer
  }

  /** What the student's calls left, and what the gold's leave on the same fixture; nothing where no call is wanted. */
  async endState(): Promise<EndState | undefined> {
    if (this.item.truth.calls.length === 0) return undefined
    await this.lay()
    const student = { answers: [...this.answers], tree: await treeOf(this.folder) }
    await layFixture(this.folder, this.item.fixture)
    const [answers, reads]: [ToolAnswer[], boolean[]] = [[], []]
    let tree = await treeOf(this.folder)
    for (const [index, expected] of this.item.truth.calls.entries()) {
      const { name, arguments: args } = goldCall(expected, index, this.item, this.definition)
      answers.push(await this.server.call(name, args, this.signal))
      const after = await treeOf(this.folder)
      reads.push(canonical(after) === canonical(tree))
      tree = after
    }
    const anyOrder = this.item.truth.calls.map((call) => Object.values(call.arguments).some((right) => right.anyOrder))
    return { student, gold: { answers, tree }, reads, anyOrder }
  }

  async close(): Promise<void> {
    this.server.release()
  }

  /** Laid by the first need: most refusals and questions never touch the disk. */
  private async lay(): Promise<void> {
    if (this.laid) return
    this.laid = true
    await layFixture(this.folder, this.item.fixture)
  }
}
