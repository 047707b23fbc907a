import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { type openWorld, token } from './world.ts'

export interface Opener {
  open(size?: { width: number; height: number }, colorScheme?: 'dark' | 'light'): Promise<Page>
  readonly foreign: string[] // what no page may do: ask another server, throw, open a dialog
}

/** Opens pages with the token, and watches what they do. */
export const opener = (browser: Browser, world: Awaited<ReturnType<typeof openWorld>>): Opener => {
  const foreign: string[] = []
  const open: Opener['open'] = async (size = { width: 1280, height: 900 }, colorScheme = 'dark') => {
    const page = await (await browser.newContext({ viewport: size, colorScheme })).newPage()
    page.on(
      'request',
      (request) =>
        !request.url().startsWith(world.url()) && !request.url().startsWith('data:') && foreign.push(request.url()),
    )
    page.on('pageerror', (error) => foreign.push(String(error)))
    page.on('dialog', (dialog) => {
      foreign.push(`dialog ${dialog.message()}`)
      void dialog.dismiss()
    })
    await page.goto(world.url(`?token=${token}`))
    return page
  }
  return { open, foreign }
}

/** Kept for docs/ where WHET_SHOTS names a folder. @param whole  also what lies below the window */
export const shoot = async (page: Page, name: string, whole = false): Promise<void> => {
  const folder = process.env.WHET_SHOTS
  if (!folder) return
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: whole })
}
