// Compiles src/ to dist/, bundles the dashboard's page, and carries along what TypeScript leaves behind: the plugins' YAML files.
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const bin = path.join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'tsc.cmd' : 'tsc')
if (!existsSync(bin)) {
  // a consumer that installed the package without its development dependencies already has dist/
  createRequire(import.meta.url).resolve('../dist/cli/main.js')
  process.exit(0)
}
rmSync(path.join(root, 'dist'), { recursive: true, force: true })
const { status } = spawnSync(bin, ['-p', path.join(root, 'tsconfig.build.json')], { stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)
const page = path.join(root, 'src', 'web', 'app')
cpSync(path.join(root, 'src'), path.join(root, 'dist'), {
  recursive: true,
  filter: (source) => !/\.tsx?$/.test(source) && source !== page,
})
chmodSync(path.join(root, 'dist', 'cli', 'main.js'), 0o755)
const { build } = await import('vite')
await build({ configFile: path.join(page, 'vite.config.ts') })
