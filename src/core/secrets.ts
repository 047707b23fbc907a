/** Recognises keys by the prefixes that their issuers give them, so that none reaches a file, a log or a message. */
const issued =
  /\b(sk-|sk_|gsk_|xai-|hf_|ghp_|github_pat_|glpat-|AIza|AKIA|xox[abpr]-)(?=[A-Za-z0-9_-]*\d)[A-Za-z0-9_-]{16,}/g

/** Where a text holds a key: the offset of the first one, or -1. */
export const findKey = (text: string): number => text.search(issued)

/** The text with every key cut down to its prefix. */
export const redact = (text: string): string => text.replace(issued, '$1…')

const keyNames = new Set<string>()

/** Marks an environment variable as holding a key: `withoutKeys` keeps it from child processes. */
export const guardKey = (name: string): void => void keyNames.add(name)

/** An environment for a child process that needs none of our keys. */
export const withoutKeys = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !keyNames.has(name)))
