import type { ToolSchema } from '../../../skill.ts'

/** The fields of the context object that every call of the vault carries, in the order in which they are asked for. */
export const contextFields = [
  'sessionId',
  'workspaceId',
  'sessionDescription',
  'sessionMemory',
  'toolContext',
  'primaryGoal',
  'subgoal',
] as const
export type ContextField = (typeof contextFields)[number]

/** The argument that holds it. */
export const contextArgument = 'context'

type Arguments = Readonly<Record<string, string>>

/** Tools with their arguments; a name with `?` may be left out. Every argument is a text. */
const vault: Readonly<Record<string, readonly [about: string, args: Arguments]>> = {
  list_folder: ['List the notes and folders of a folder', { path: 'folder, or empty for the whole vault' }],
  read_note: ['Read a note', { path: 'note' }],
  create_note: ['Create a note that does not exist yet', { path: 'new note', text: 'its text' }],
  append_note: ['Add a line to the end of a note', { path: 'note', text: 'the line' }],
  replace_in_note: ['Replace a text in a note', { path: 'note', find: 'text that is there', replace: 'new text' }],
  move_note: ['Move or rename a note', { from: 'note', to: 'its new path' }],
  delete_note: ['Delete a note for good', { path: 'note' }],
  search_notes: [
    'Find notes by a word of their text or name, or by tag',
    { 'text?': 'word', 'tag?': 'tag', 'folder?': 'only in this folder' },
  ],
  tag_note: ['Add a tag to a note', { path: 'note', tag: 'tag' }],
  create_folder: ['Create a folder', { path: 'new folder' }],
  remember: ['Keep a fact in the memory of the workspace', { name: 'name of the fact', text: 'the fact' }],
  recall: ['Look a fact up in the memory of the workspace', { name: 'name of the fact' }],
}

/** Tools that take something away or write over it: they are called only after a look. */
export const destructiveTools: readonly string[] = ['delete_note', 'replace_in_note']

/** The catalogue of the vault; with no fields its calls carry no context. */
export const vaultTools = (fields: readonly ContextField[]): ToolSchema[] =>
  Object.entries(vault).map(([name, [description, args]]) => ({
    name,
    description: `${description}.`,
    parameters: {
      type: 'object',
      properties: { ...(fields.length > 0 && { [contextArgument]: contextSchema(fields) }), ...propertiesOf(args) },
      required: [
        ...(fields.length > 0 ? [contextArgument] : []),
        ...Object.keys(args).filter((key) => !key.endsWith('?')),
      ],
    },
  }))

const contextSchema = (fields: readonly ContextField[]) => ({
  type: 'object',
  properties: Object.fromEntries(fields.map((field) => [field, { type: 'string' }])),
  required: [...fields],
})

const propertiesOf = (args: Arguments) =>
  Object.fromEntries(
    Object.entries(args).map(([key, about]) => [key.replace('?', ''), { type: 'string', description: about }]),
  )
