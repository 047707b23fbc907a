// Checks the types of the dashboard's page. It takes the types of answers from server modules; those are checked by the main project, with
// Node's library and without the browser's, so that only what is found in the page's own files counts here.
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const bin = path.join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'tsc.cmd' : 'tsc')
const args = ['--noEmit', '--pretty', 'false', '-p', path.join('src', 'web', 'app', 'tsconfig.json')]
const { stdout, status, error } = spawnSync(bin, args, { cwd: root, encoding: 'utf8' })
if (error) throw error
const found = stdout
  .split('\n')
  .filter((line) => /^(src\/web\/app|tests\/browser)\/|^error TS/.test(line.replaceAll('\\', '/')))
if (found.length > 0) console.error(found.join('\n'))
// a compiler that broke down says nothing of files
process.exitCode = found.length > 0 || (status !== 0 && !/error TS/.test(stdout)) ? 1 : 0
