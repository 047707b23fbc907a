// node --import tsx scripts/config-reference.mjs     writes docs/config.md
import { writeFileSync } from 'node:fs'
import { configPage } from './config-page.ts'

writeFileSync(new URL('../docs/config.md', import.meta.url), configPage())
