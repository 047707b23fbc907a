import { useEffect, useState } from 'react'

const quietMs = 250

/** A typed text once the typing rests: each letter would search anew. */
export const useSlow = (text: string): string => {
  const [slow, setSlow] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setSlow(text), quietMs)
    return () => clearTimeout(timer)
  }, [text])
  return slow
}
