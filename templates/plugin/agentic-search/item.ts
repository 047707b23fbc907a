/** An item is a question with its documents; the tools search and read those. Change the tools here, and how they are executed. */
import { type AssistantTurn, type Environment, functionEnvironment, type ToolSchema } from 'whetstone/skill'
import { z } from 'zod'
import { type Case, makeCase } from './material.ts'

export const Item = z.object({
  id: z.string(),
  family: z.string(), // the project: its documents belong to one split
  tags: z.record(z.string(), z.array(z.string())),
  seed: z.number(), // documents, question and answer are made from it again
  split: z.enum(['train', 'dev', 'gate', 'sealed']),
})
export type Item = z.output<typeof Item>

export const caseOf = ({ tags, split, seed }: Item): Case => makeCase(tags.topic?.[0] ?? '', split, seed)

const takes = (name: string) => ({ type: 'object', properties: { [name]: { type: 'string' } }, required: [name] })
const search = { name: 'search', description: 'Titles that hold the words.', parameters: takes('words') }
const read = { name: 'read', description: 'The text of a document.', parameters: takes('id') }
export const tools: readonly ToolSchema[] = [search, read]

/** The tools for real: what a student calls is executed, and what it gets wrong is answered as a server would. */
export const environmentOf = (item: Item): Environment => {
  const { documents } = caseOf(item)
  const titled = (words: string) => documents.filter(({ title }) => title.toLowerCase().includes(words.toLowerCase()))
  const shown = (words: string) => titled(words).map(({ id, title }) => `${id} ${title}`)
  return functionEnvironment([
    { ...search, run: ({ words }) => shown(String(words)).join('\n') || 'nothing found' },
    { ...read, run: ({ id }) => documents.find((each) => each.id === id)?.text ?? 'there is no such document' },
  ])
}

export const call = (name: string, args: object): AssistantTurn => ({
  role: 'assistant',
  content: '',
  toolCalls: [{ id: `call_${name}`, name, arguments: args }],
})
export const said = (content: string): AssistantTurn => ({ role: 'assistant', content })
