/** A run, event by event, as it comes. */
import { useEffect, useRef, useState } from 'react'
import { advanceRun, type LiveRun, noRun } from '../../commands/live-run.ts'
import type { RunEvent } from '../../core/events.ts'

export type { LiveRun as Live, StageTime } from '../../commands/live-run.ts'

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
    let frame = 0
    const source = new EventSource(`/api/runs/${encodeURIComponent(run)}/events`)
    const draw = () => {
      frame = 0
      const events = pending.current.splice(0)
      setLive((before) => advanceRun(before, events))
    }
    source.onopen = () => setConnected(true)
    source.onerror = () => setConnected(false)
    source.onmessage = ({ data }: MessageEvent<string>) => {
      pending.current.push(JSON.parse(data) as RunEvent)
      // a hidden page gets no frames
      if (frame === 0) frame = document.hidden ? window.setTimeout(draw, 250) : requestAnimationFrame(draw)
    }
    source.addEventListener('gone', () => {
      setGone(true)
      source.close()
    })
    return () => {
      source.close()
      cancelAnimationFrame(frame)
      clearTimeout(frame)
    }
  }, [run])
  return { live, connected, gone }
}
