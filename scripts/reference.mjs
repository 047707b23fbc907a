// npm run docs:reference     writes docs/reference/: commands, events, error codes and the comparison, made from the sources
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { register } from 'tsx/esm/api'

register()
const { referencePages } = await import('./reference/pages.ts')
const folder = path.join(import.meta.dirname, '..', 'docs', 'reference')
rmSync(folder, { recursive: true, force: true })
const pages = await referencePages()
for (const [name, text] of Object.entries(pages)) {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
  writeFileSync(path.join(folder, name), text)
}
console.log(`${Object.keys(pages).length} pages in docs/reference`)
