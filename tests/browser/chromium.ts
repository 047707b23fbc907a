import { existsSync } from 'node:fs'
import path from 'node:path'
import { type Browser, chromium } from 'playwright-core'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** The Chromium of this machine: WHET_CHROMIUM, or the first on the PATH. @throws where there is none, with what to do */
export const openChromium = async (): Promise<Browser> => {
  const places = (process.env.PATH ?? '')
    .split(path.delimiter)
    .flatMap((folder) => names.map((name) => path.join(folder, name)))
  const executablePath = process.env.WHET_CHROMIUM ?? places.find((place) => existsSync(place))
  if (!executablePath)
    throw new Error(
      'No Chromium on this machine. Debian: apt-get install chromium. Elsewhere: set WHET_CHROMIUM to its path.',
    )
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
}
