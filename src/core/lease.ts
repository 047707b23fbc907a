/** One process owns a run. Who that is stands in the run's own database, so that any process can see it and a dead owner never locks a run. */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { exitCodes, WhetError } from './errors.ts'
import { isRunning, processStart } from './process-identity.ts'
import type { Connection } from './store-database.ts'

/** An owner on another host counts as gone after this long without a heartbeat; so does one on this host that hangs. Milliseconds. */
export const defaultStaleMs = 60_000

export interface Owner {
  readonly pid: number
  readonly host: string
}

export interface LeaseHolder extends Owner {
  readonly heartbeatAt: string // ISO 8601, UTC
  readonly alive: boolean // false: the lease may be taken over
}

interface Row extends Owner {
  readonly token: string
  readonly started: string | null
  readonly heartbeatMs: number
}

export const readHolder = (connection: Connection, staleMs: number): LeaseHolder | undefined => {
  const row = readRow(connection)
  return row && asHolder(row, staleMs)
}

/** Call within an immediate transaction. @returns the new token and whom it was taken from. @throws WhetError 'run-owned' (exit 4) */
export const takeLease = (connection: Connection, owner: Owner, staleMs: number) => {
  const holder = readHolder(connection, staleMs)
  if (holder?.alive) throw owned(holder)
  const token = randomUUID()
  const started = owner.host === hostname() ? (processStart(owner.pid) ?? null) : null
  connection
    .prepare(
      'INSERT OR REPLACE INTO whet_lease (one, token, pid, host, started, heartbeat_ms) VALUES (1, ?, ?, ?, ?, ?)',
    )
    .run(token, owner.pid, owner.host, started, Date.now())
  return { token, tookOver: holder }
}

/** @throws WhetError 'lease-lost' where the lease is no longer this token's */
export const checkLease = (connection: Connection, token: string): void => {
  if (readRow(connection)?.token !== token) throw lost(readHolder(connection, defaultStaleMs))
}

/** @throws WhetError 'lease-lost' */
export const beat = (connection: Connection, token: string): void => {
  const { changes } = connection
    .prepare('UPDATE whet_lease SET heartbeat_ms = ? WHERE token = ?')
    .run(Date.now(), token)
  if (changes === 0) throw lost(readHolder(connection, defaultStaleMs))
}

export const dropLease = (connection: Connection, token: string): void => {
  connection.prepare('DELETE FROM whet_lease WHERE token = ?').run(token)
}

const readRow = (connection: Connection) =>
  connection.prepare('SELECT token, pid, host, started, heartbeat_ms AS heartbeatMs FROM whet_lease').get() as
    | Row
    | undefined

const asHolder = ({ pid, host, started, heartbeatMs }: Row, staleMs: number): LeaseHolder => {
  const fresh = Date.now() - heartbeatMs < staleMs
  const alive = fresh && (host !== hostname() || isRunning(pid, started ?? undefined))
  return { pid, host, heartbeatAt: new Date(heartbeatMs).toISOString(), alive }
}

const owned = (holder: LeaseHolder) =>
  new WhetError({
    code: 'run-owned',
    message: `Process ${holder.pid} on ${holder.host} owns this run (last sign of life ${holder.heartbeatAt}). Watch it with \`whet watch\`, or end it first with \`whet stop\`.`,
    fixedBy: 'machine',
    exit: exitCodes.refused,
    data: { ...holder },
  })

const lost = (holder: LeaseHolder | undefined) =>
  new WhetError({
    code: 'lease-lost',
    message: `${holder ? `Process ${holder.pid} on ${holder.host}` : 'Another process'} has taken this run over, since this one gave no sign of life for too long. This one stops; \`whet watch\` shows the run.`,
    fixedBy: 'machine',
    exit: exitCodes.refused,
    data: { holder },
  })
