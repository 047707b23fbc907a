/** A run, event by event, as it comes. */
import { useEffect, useRef, useState } from 'react'
import { advanceRun, type LiveRun, noRun } from '../../commands/live-run.ts'
import type { RunEvent } from '../../core/events.ts'
import { type AskError, ask } from './api.ts'

export type { LiveRun as Live, StageTime } from '../../commands/live-run.ts'

const againMs = 2000

/** Follows a run. What arrives within one frame is drawn once. `connected`: false while the server is away; the browser tries again. */
export const useLive = (run: string): { live: LiveRun; connected: boolean; gone: boolean } => {
  const [live, setLive] = useState(noRun)
  const [connected, setConnected] = useState(true)
  const [gone, setGone] = useState(false)
  const pending = useRef<RunEvent[]>([])
  useEffect(() => {
    setLive(noRun)
    setGone(false)
    pending.current = []
    let [frame, last, over] = [0, 0, false]
    let [source, again]: [EventSource | undefined, number] = [undefined, 0]
    const draw = () => {
      frame = 0
      const events = pending.current.splice(0)
      setLive((before) => advanceRun(before, events))
    }
    const begin = () => {
      source = new EventSource(`/api/runs/${encodeURIComponent(run)}/events?since=${last}`)
      source.onopen = () => setConnected(true)
      source.onerror = () => {
        setConnected(false)
        // a refusal ends the stream for good, where a lost connection is tried again by the browser
        if (source?.readyState === EventSource.CLOSED) void whyRefused()
      }
      source.onmessage = ({ data }: MessageEvent<string>) => {
        const event = JSON.parse(data) as RunEvent
        last = event.seq
        pending.current.push(event)
        // a hidden page gets no frames
        if (frame === 0) frame = document.hidden ? window.setTimeout(draw, 250) : requestAnimationFrame(draw)
      }
      source.addEventListener('gone', () => {
        setGone(true)
        source?.close()
      })
    }
    const whyRefused = async () => {
      const error = await ask('status', { run }).then(
        () => undefined,
        (thrown: AskError) => thrown.code,
      )
      if (over) return
      if (error && /^(unknown-run|bad-run-name|run-gone)$/.test(error)) setGone(true)
      else again = window.setTimeout(begin, againMs)
    }
    begin()
    return () => {
      over = true
      source?.close()
      cancelAnimationFrame(frame)
      clearTimeout(frame)
      clearTimeout(again)
    }
  }, [run])
  return { live, connected, gone }
}
