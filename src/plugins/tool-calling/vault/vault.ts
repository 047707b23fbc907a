import type { ToolAnswer } from '../effect.ts'

export interface VaultState {
  readonly files: Readonly<Record<string, string>> // path of a note: its text
  readonly folders: readonly string[]
  readonly tags: Readonly<Record<string, readonly string[]>> // path of a note: its tags
  readonly memory: Readonly<Record<string, string>>
}

/** A longer answer is cut: no note may fill a student's context. */
const longestAnswer = 1_500
const longestPath = 200

class Refused extends Error {}

/** A vault of notes in memory: paths with folders, tags, a search, and facts that are kept. Nothing of it touches a disk. */
export class Vault {
  private notes = new Map<string, { text: string; tags: string[] }>()
  private folders = new Set<string>()
  private memory = new Map<string, string>()

  constructor(state: VaultState) {
    for (const folder of state.folders) this.folders.add(folder)
    for (const [path, text] of Object.entries(state.files)) {
      this.notes.set(path, { text, tags: [...(state.tags[path] ?? [])] })
      if (folderOf(path) !== '') this.folders.add(folderOf(path))
    }
    for (const [name, text] of Object.entries(state.memory)) this.memory.set(name, text)
  }

  /** What a call answers. A refusal is an answer too: it says what is wrong and, where it can, what to do instead. */
  call(name: string, args: Readonly<Record<string, string>>): ToolAnswer {
    const tool = Object.hasOwn(tools, name) ? tools[name] : undefined
    if (!tool) return { content: `There is no tool ${name.slice(0, 60)}.`, isError: true }
    try {
      return { content: tool(this.open(), args).slice(0, longestAnswer), isError: false }
    } catch (error) {
      if (error instanceof Refused) return { content: error.message.slice(0, longestAnswer), isError: true }
      throw error
    }
  }

  /** Everything that is there, as text by name: equal vaults give equal trees. */
  tree(): Record<string, string> {
    const tree: Record<string, string> = {}
    for (const folder of this.folders) tree[`${folder}/`] = ''
    for (const [path, { text, tags }] of this.notes) tree[path] = `${[...tags].sort().join(', ')}\n${text}`
    for (const [name, text] of this.memory) tree[`memory: ${name}`] = text
    return tree
  }

  private open(): Inside {
    return { notes: this.notes, folders: this.folders, memory: this.memory }
  }
}

interface Inside {
  readonly notes: Map<string, { text: string; tags: string[] }>
  readonly folders: Set<string>
  readonly memory: Map<string, string>
}
type Args = Readonly<Record<string, string>>

const folderOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('/')))

/** A path as the vault keeps it: no `./` before it and no `/` at its ends. */
const clean = (path = ''): string => {
  const plain = path
    .trim()
    .replace(/^(\.?\/)+/, '')
    .replace(/\/+$/, '')
  if (plain.length > longestPath || plain.split('/').includes('..'))
    throw new Refused('Invalid argument: a path lies in the vault and has at most 200 characters.')
  return plain
}

const noteAt = ({ notes }: Inside, path: string | undefined) => {
  const at = clean(path)
  const note = notes.get(at)
  if (!note) throw new Refused(`Not found: there is no note ${at}.`)
  return { at, note }
}

const freePath = ({ notes, folders }: Inside, path: string | undefined): string => {
  const at = clean(path)
  if (at === '') throw new Refused('Invalid argument: the path is empty.')
  if (notes.has(at)) throw new Refused(`Invalid argument: the note ${at} exists already.`)
  const folder = folderOf(at)
  if (folder !== '' && !folders.has(folder)) throw new Refused(`Not found: there is no folder ${folder}.`)
  return at
}

/** What each tool does and answers. */
const tools: Readonly<Record<string, (vault: Inside, args: Args) => string>> = {
  list_folder: ({ notes, folders }: Inside, { path }: Args) => {
    const at = clean(path)
    if (at !== '' && !folders.has(at)) throw new Refused(`Not found: there is no folder ${at}.`)
    const inside = [...[...folders].map((folder) => `${folder}/`), ...notes.keys()].filter(
      (entry) => folderOf(entry.replace(/\/$/, '')) === at,
    )
    return inside.length > 0 ? inside.sort().join('\n') : 'The folder is empty.'
  },
  read_note: (vault: Inside, { path }: Args) => {
    const { note } = noteAt(vault, path)
    return [...(note.tags.length > 0 ? [`tags: ${note.tags.join(', ')}`] : []), note.text].join('\n')
  },
  create_note: (vault: Inside, { path, text = '' }: Args) => {
    const at = freePath(vault, path)
    vault.notes.set(at, { text, tags: [] })
    return `Created ${at}.`
  },
  append_note: (vault: Inside, { path, text = '' }: Args) => {
    const { at, note } = noteAt(vault, path)
    note.text = `${note.text}\n${text}`
    return `Added a line to ${at}.`
  },
  replace_in_note: (vault: Inside, { path, find = '', replace = '' }: Args) => {
    const { at, note } = noteAt(vault, path)
    if (find === '' || !note.text.includes(find)) throw new Refused(`Not found: ${at} does not say "${find}".`)
    note.text = note.text.replace(find, () => replace)
    return `Replaced it in ${at}.`
  },
  move_note: (vault: Inside, { from, to }: Args) => {
    const { at, note } = noteAt(vault, from)
    const target = freePath(vault, to)
    vault.notes.delete(at)
    vault.notes.set(target, note)
    return `Moved ${at} to ${target}.`
  },
  delete_note: (vault: Inside, { path }: Args) => {
    const { at } = noteAt(vault, path)
    vault.notes.delete(at)
    return `Deleted ${at}.`
  },
  search_notes: (vault: Inside, { text = '', tag = '', folder = '' }: Args) => {
    if (text === '' && tag === '') throw new Refused('Invalid argument: give a text or a tag to search for.')
    const below = clean(folder)
    const found = [...vault.notes].filter(
      ([path, note]) =>
        (below === '' || path.startsWith(`${below}/`)) &&
        (tag === '' || note.tags.includes(tag)) &&
        (text === '' || `${path}\n${note.text}`.toLowerCase().includes(text.toLowerCase())),
    )
    const paths = found.map(([path]) => path).sort()
    return paths.length > 0 ? paths.join('\n') : 'No note matches.'
  },
  tag_note: (vault: Inside, { path, tag = '' }: Args) => {
    const { at, note } = noteAt(vault, path)
    if (tag.trim() === '' || /\s/.test(tag))
      throw new Refused(`Invalid argument: a tag has no space. Join its words: ${tag.trim().split(/\s+/).join('-')}.`)
    if (!note.tags.includes(tag)) note.tags.push(tag)
    return `Tagged ${at} with ${tag}.`
  },
  create_folder: ({ folders }: Inside, { path }: Args) => {
    const at = clean(path)
    if (at === '' || folders.has(at)) throw new Refused(`Invalid argument: the folder ${at} exists already.`)
    folders.add(at)
    return `Created the folder ${at}.`
  },
  remember: ({ memory }: Inside, { name = '', text = '' }: Args) => {
    memory.set(name, text)
    return `Remembered ${name}.`
  },
  recall: ({ memory }: Inside, { name = '' }: Args) => {
    const text = memory.get(name)
    if (text === undefined) throw new Refused(`Not found: nothing is remembered as ${name}.`)
    return text
  },
}
