/**
 * Status variables (MySQL manual 7.1.10 "Server Status Variables"): those that mean something here. A session's own counts are
 * kept by the session, and added up for the whole server.
 */
import type { CoreTransactionManager } from '../../transaction/transaction-manager.js'
import type { EngineSession } from '../session.js'
import { StatementCounters } from '../statement-counters.js'

/** Counted from the start even if they never happen, because tools ask for them. */
const USUAL_COMMANDS = [
  'admin_commands',
  'alter_table',
  'begin',
  'change_db',
  'commit',
  'create_db',
  'create_index',
  'create_table',
  'create_user',
  'delete',
  'drop_db',
  'drop_index',
  'drop_table',
  'drop_user',
  'flush',
  'grant',
  'insert',
  'kill',
  'lock_tables',
  'prepare_sql',
  'replace',
  'revoke',
  'rollback',
  'savepoint',
  'select',
  'set_option',
  'show_databases',
  'show_fields',
  'show_status',
  'show_tables',
  'show_variables',
  'truncate',
  'unlock_tables',
  'update',
]

export interface StatusVariable {
  readonly name: string
  readonly value: string
}

export class ServerStatus {
  private readonly startedAtMs = performance.now()
  private flushedAtMs = performance.now()
  private connections = 0
  private connectionsHighest = 0
  private connectionsHighestAt = new Date()
  /** Of sessions that are over. */
  private readonly past = new StatementCounters()

  constructor(
    private readonly sessions: ReadonlyMap<number, EngineSession>,
    private readonly transactions: CoreTransactionManager,
  ) {}

  noteLogin(): void {
    this.connections++
    this.noteConnections()
  }

  noteClosed(counters: StatementCounters): void {
    this.past.add(counters)
  }

  /** FLUSH STATUS: the session's counts become the server's, and start anew. */
  flush(counters: StatementCounters): void {
    this.past.add(counters)
    counters.clear()
    this.flushedAtMs = performance.now()
    this.connectionsHighest = 0
    this.noteConnections()
  }

  get uptimeSeconds(): number {
    return secondsSince(this.startedAtMs)
  }

  /** Sorted by name. */
  variables(scope: 'global' | 'session', session: EngineSession): readonly StatusVariable[] {
    const counters = scope === 'session' ? session.counters : this.allCounters()
    const values: Record<string, string | number> = {
      Compression: session.client.isCompressed === true ? 'ON' : 'OFF',
      Connections: this.connections,
      Innodb_row_lock_current_waits: this.transactions
        .activeTransactions()
        .filter((transaction) => transaction.waiting).length,
      Max_used_connections: this.connectionsHighest,
      Max_used_connections_time: localText(this.connectionsHighestAt),
      Queries: counters.questions,
      Questions: counters.questions,
      Ssl_cipher: session.client.tls?.cipher ?? '',
      Ssl_version: session.client.tls?.version ?? '',
      Threads_connected: this.sessions.size,
      Threads_running: [...this.sessions.values()].filter((each) => each.isRunning).length,
      Uptime: this.uptimeSeconds,
      Uptime_since_flush_status: secondsSince(this.flushedAtMs),
    }
    for (const command of new Set([...USUAL_COMMANDS, ...counters.names])) {
      values[`Com_${command}`] = counters.get(command)
    }
    return Object.keys(values)
      .sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))
      .map((name) => ({ name, value: String(values[name]) }))
  }

  private allCounters(): StatementCounters {
    const all = new StatementCounters()
    all.add(this.past)
    for (const session of this.sessions.values()) all.add(session.counters)
    return all
  }

  private noteConnections(): void {
    if (this.sessions.size <= this.connectionsHighest) return
    this.connectionsHighest = this.sessions.size
    this.connectionsHighestAt = new Date()
  }
}

function secondsSince(startMs: number): number {
  return Math.floor((performance.now() - startMs) / 1000)
}

/** `2026-01-31 23:59:59` in the server's time zone. */
function localText(time: Date): string {
  const two = (part: number): string => String(part).padStart(2, '0')
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-')
  return `${date} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':')}`
}
