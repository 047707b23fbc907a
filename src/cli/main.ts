#!/usr/bin/env node
import { runCli } from './cli.ts'

// what is written last must reach a pipe before the process ends, and no open handle may keep it alive
const code = await runCli(process.argv.slice(2), process)
process.exit(code)
