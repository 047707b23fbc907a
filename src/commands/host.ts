import { randomBytes } from 'node:crypto'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Workspace } from '../core/workspace.ts'
import { Confirmations } from './confirm.ts'
import { type Launch, launchProcess } from './launch.ts'
import type { Host } from './remote.ts'

/** The project's folder and workspace as a surface serves them. */
export const hostOf = (cwd: string, workspace: string | Workspace, launch: Launch = launchProcess()): Host => ({
  cwd,
  workspace: typeof workspace === 'string' ? new Workspace(path.resolve(cwd, workspace)) : workspace,
  launch,
  confirmations: new Confirmations(),
})

/**
 * The token that opens this workspace over HTTP: made once, readable by its owner only. It outlives the server, so that an open page
 * goes on after a restart.
 */
export const accessToken = async (workspace: Workspace): Promise<string> => {
  const file = path.join(workspace.root, 'access-token')
  const known = await readFile(file, 'utf8').catch(() => '')
  if (/^[\w-]{32,}$/.test(known.trim())) return known.trim()
  await workspace.prepare()
  const token = randomBytes(32).toString('base64url')
  await writeFile(file, `${token}\n`, { mode: 0o600 })
  await chmod(file, 0o600)
  return token
}
