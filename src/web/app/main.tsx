import { StrictMode, useEffect, useState, useSyncExternalStore } from 'react'
import { createRoot } from 'react-dom/client'
import { AnalystPage } from './analyst.tsx'
import { ChatPage } from './chat.tsx'
import { ComparePage } from './compare.tsx'
import { DataPage } from './data.tsx'
import { EvaluationPage } from './evaluation.tsx'
import { Fault } from './fault.tsx'
import { useLive } from './live.ts'
import { RunPage } from './run.tsx'
import { Runs } from './runs.tsx'
import { SkillPage } from './skill.tsx'
import './style/theme.css'
import './style/base.css'
import './style/views.css'
import { useTheme } from './theme.ts'
import { TryPage } from './try.tsx'

const views = {
  '': 'Live',
  data: 'Data',
  evaluation: 'Evaluation',
  analyst: 'Analyst',
  skill: 'Skill',
  chat: 'Chat',
  try: 'Try',
} as const
type View = keyof typeof views

/** `#/run/NAME/data` */
const placeOf = (hash: string): { page: string; run: string; view: View } => {
  const [page = '', run = '', view = ''] = hash.replace(/^#\/?/, '').split('/').map(decoded)
  return { page, run, view: view in views ? (view as View) : '' }
}

/** As it stands where it is no encoded text: a run of that name is then not found. */
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const useHash = () =>
  useSyncExternalStore(
    (changed) => {
      addEventListener('hashchange', changed)
      return () => removeEventListener('hashchange', changed)
    },
    () => location.hash,
  )

const App = () => {
  const { page, run, view } = placeOf(useHash())
  const [theme, turn] = useTheme()
  useKeys(run)
  return (
    <>
      <button type="button" className="skip" onClick={toContent}>
        To the content
      </button>
      <header>
        <a href="#/" className="brand">
          Whetstone
        </a>
        <nav aria-label="pages">
          <a href="#/" aria-current={page === '' ? 'page' : undefined}>
            Runs
          </a>
          <a href="#/compare" aria-current={page === 'compare' ? 'page' : undefined}>
            Compare
          </a>
        </nav>
        <button type="button" onClick={turn} aria-label={`theme: ${theme}. Change it`}>
          {theme === 'dark' ? '☾' : '☀'}
        </button>
      </header>
      {page === 'run' && run ? (
        <Run key={run} run={run} view={view} theme={theme} />
      ) : (
        <Fault key={page}>{page === 'compare' ? <ComparePage /> : <Runs />}</Fault>
      )}
      <footer className="dim">
        <kbd>g</kbd> <kbd>r</kbd> runs · <kbd>1</kbd>–<kbd>7</kbd> views · <kbd>/</kbd> search · <kbd>j</kbd>{' '}
        <kbd>k</kbd> rows · <kbd>t</kbd> theme
      </footer>
    </>
  )
}

/** Past the navigation, for who goes by keyboard. */
const toContent = () => {
  const main = document.querySelector('main')
  main?.setAttribute('tabindex', '-1')
  main?.focus()
}

const Run = ({ run, view, theme }: { run: string; view: View; theme: string }) => {
  const { live, connected, gone } = useLive(run)
  const rounds = [...new Set(live.stages.map(({ round }) => round))]
  return (
    <>
      <div className="bar">
        <h1>{run}</h1>
        <nav aria-label="views of the run">
          {Object.entries(views).map(([name, label]) => (
            <a key={name} href={`#/run/${run}${name && `/${name}`}`} aria-current={view === name ? 'page' : undefined}>
              {label}
            </a>
          ))}
        </nav>
      </div>
      {!connected && !gone && (
        <p className="notice" role="status">
          The server is away; this page goes on by itself when it is back.
        </p>
      )}
      {gone && (
        <p className="notice" role="alert">
          There is no such run: it was deleted, or has another name.
        </p>
      )}
      <Fault key={view}>
        {view === 'data' && <DataPage run={run} rounds={rounds} waiting={live.waiting} edited={live.edited} />}
        {view === 'evaluation' && <EvaluationPage run={run} judged={live.judged} />}
        {view === 'analyst' && <AnalystPage run={run} judged={live.judged} />}
        {view === 'skill' && <SkillPage run={run} judged={live.judged} />}
        {view === 'chat' && <ChatPage run={run} />}
        {view === 'try' && <TryPage run={run} />}
        {view === '' && <RunPage run={run} live={live} theme={theme} />}
      </Fault>
    </>
  )
}

/** Keys that work everywhere but in a field. */
const useKeys = (run: string) => {
  const [, setBefore] = useState('')
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement
      if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return
      const view = Object.keys(views)[Number(event.key) - 1]
      if (run && view !== undefined) location.hash = `#/run/${run}${view && `/${view}`}`
      if (event.key === 't') document.querySelector<HTMLElement>('header button')?.click()
      if (event.key === '/') {
        event.preventDefault()
        document.querySelector<HTMLElement>('[data-key="/"]')?.focus()
      }
      setBefore((before) => {
        if (before === 'g' && event.key === 'r') location.hash = '#/'
        return event.key
      })
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [run])
}

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
