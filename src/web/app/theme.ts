import { useEffect, useState } from 'react'

export type Theme = 'dark' | 'light'

const asked = (): Theme => {
  const kept = localStorage.getItem('theme')
  if (kept === 'dark' || kept === 'light') return kept
  return matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark'
}

/** Dark or light: as the system has it, until a person turns it. */
export const useTheme = (): [Theme, () => void] => {
  const [theme, setTheme] = useState(asked)
  useEffect(() => {
    document.documentElement.dataset.theme = theme
  }, [theme])
  const turn = () =>
    setTheme((before) => {
      const next = before === 'dark' ? 'light' : 'dark'
      localStorage.setItem('theme', next)
      return next
    })
  return [theme, turn]
}
