// node scripts/report-picture.mjs REPORT.html OUT.png [SECTION]     a part of a run's report as a picture, for the documentation
//
// `whet report RUN --format html` writes the page. SECTION is one of its anchors: curves, failures, replies, ...; without one the picture
// is of the top, down to the targets. It is drawn by the Chromium of this machine (WHET_CHROMIUM, or the first on the PATH).
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { register } from 'tsx/esm/api'

register()
const { openChromium } = await import('../tests/browser/chromium.ts')
const [page, out, section] = process.argv.slice(2)
if (!page || !out) {
  console.error('node scripts/report-picture.mjs REPORT.html OUT.png [SECTION]')
  process.exit(2)
}
const width = 1100
const browser = await openChromium()
try {
  const tab = await browser.newPage({ viewport: { width, height: 800 }, colorScheme: 'light' })
  await tab.goto(pathToFileURL(path.resolve(page)).href)
  const found = tab.locator(`section[aria-labelledby="${section ?? 'targets'}"]`)
  const { y, height } = (await found.boundingBox()) ?? {}
  const top = section ? y - 16 : 0
  await tab.screenshot({ path: out, fullPage: true, clip: { x: 0, y: top, width, height: y + height + 16 - top } })
} finally {
  await browser.close()
}
