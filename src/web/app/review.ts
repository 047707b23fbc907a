import { useState } from 'react'
import type { Live } from './live.ts'

export interface Review {
  readonly rejected: ReadonlySet<string> // item ids
  turn(item: string, reject?: boolean): void
}

/** `item#turn` of a row's id. */
export const itemOf = (row: string): string => row.slice(0, Math.max(0, row.lastIndexOf('#')))

/** What a person leaves out of a training that waits for approval. It is kept with the request: another one begins anew. */
export const useReview = (run: string, waiting: Live['waiting']): Review | undefined => {
  const key = `review ${run} ${waiting?.request}`
  const [known, setKnown] = useState<{ key: string; items: ReadonlySet<string> }>({ key: '', items: new Set() })
  const rejected = known.key === key ? known.items : read(key)
  if (!waiting?.what.startsWith('train ')) return undefined
  const turn = (item: string, reject = !rejected.has(item)) => {
    const items = new Set(rejected)
    if (reject) items.add(item)
    else items.delete(item)
    sessionStorage.setItem(key, JSON.stringify([...items]))
    setKnown({ key, items })
  }
  return { rejected, turn }
}

const read = (key: string): ReadonlySet<string> => {
  try {
    return new Set(JSON.parse(sessionStorage.getItem(key) ?? '[]') as string[])
  } catch {
    return new Set()
  }
}
