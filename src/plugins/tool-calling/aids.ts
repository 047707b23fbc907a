import type { ToolSchema } from '../../skill.ts'

/** What commands ask of this skill alone; they do without where the skill is not there. */
export const toolAids = {
  /** The tools of a JSON file, in any form that the option `tools: { file }` takes. @throws {WhetError} those of `catalogueOfFile` */
  async readTools(file: string): Promise<readonly ToolSchema[]> {
    const { catalogueOfFile } = await import('./catalog.ts')
    return (await catalogueOfFile(file)).tools
  },

  /** Wordings for tools that have none, as the text of a pack. Undefined where nothing can be made up for any of them. */
  async draftWordings(tools: unknown, baseDir: string): Promise<string | undefined> {
    const { catalogueFor } = await import('./definition.ts')
    const { draftPack } = await import('./draft.ts')
    const { Options } = await import('./options.ts')
    const catalogue = await catalogueFor(Options.parse({ tools }), baseDir)
    return draftPack(catalogue.tools, JSON.stringify(tools))?.text
  },
}
