// node --import tsx scripts/config-reference.mjs     writes docs/config.md and docs/skill-file.md
import { writeFileSync } from 'node:fs'
import { configPage } from './config-page.ts'
import { skillFilePage } from './skill-file-page.ts'

writeFileSync(new URL('../docs/config.md', import.meta.url), configPage())
writeFileSync(new URL('../docs/skill-file.md', import.meta.url), skillFilePage())
