/**
 * Sessions as the process list shows them (MySQL manual 15.7.7.31): all with the PROCESS privilege, else the account's own.
 */
import { hasPrivilege } from '../../catalog/privileges.js'
import type { EngineSession } from '../session.js'
import type { ListingRequest } from './listing.js'
import { readableStatement } from './statement-secrets.js'

/** INFO of SHOW PROCESSLIST without FULL. */
export const SHORT_INFO_LENGTH = 100

export interface ThreadRow {
  readonly session: EngineSession
  readonly id: number
  readonly user: string
  /** `host:port` over TCP. */
  readonly host: string
  readonly database: string | null
  readonly command: string
  /** Seconds in the present state. */
  readonly seconds: number
  readonly state: string
  /** The running statement, without passwords. */
  readonly info: string | null
}

export function walkThreads(request: ListingRequest, emit: (row: ThreadRow) => void): void {
  const { services, session: own, account } = request
  const seesAll = hasPrivilege(account, 'PROCESS')
  for (const session of services.sessions.values()) {
    if (seesAll || session.account === own.account) emit(threadRow(session))
  }
}

function threadRow(session: EngineSession): ThreadRow {
  const { activity, client, state } = session
  const isSleeping = activity.command === 'Sleep'
  return {
    session,
    id: session.connectionId,
    user: userName(session),
    host: client.port > 0 ? `${client.host}:${String(client.port)}` : client.host,
    database: state.database,
    command: activity.command,
    seconds: Math.floor((performance.now() - activity.sinceMs) / 1000),
    state: isSleeping ? '' : session.stage,
    info: activity.text === null ? null : readableStatement(activity.text, session.clientCharset),
  }
}

/** The name that the client gave. */
export function userName(session: EngineSession): string {
  const { user } = session.state.identity
  return user.slice(0, user.lastIndexOf('@'))
}
