/**
 * What clients ask about the server itself: the computed tables of information_schema, performance_schema and mysql, SHOW and
 * DESCRIBE, FLUSH, LOCK TABLES and table maintenance. Each family of statements has its own files; here they are put together.
 */
import { Batch } from '../../common/batch.js'
import type { MaybePromise, Value } from '../../common/value.js'
import type { VirtualTable } from '../../plan/logical.js'
import type { Statement } from '../../plan/syntax/index.js'
import type { StatementContext } from '../../spi/statement-context.js'
import type { AccountAccess } from '../account-access.js'
import type { OtherStatementsOptions } from '../other-statements.js'
import type { RunningStatement } from '../running-statement.js'
import type { ServerCore, StatementResult } from '../server-core.js'
import type { EngineSession } from '../session.js'
import { computedTablesOf, findComputedTable, requireComputedTable } from './computed-databases.js'
import { filterOf } from './computed-table.js'
import { ListingRequest } from './listing.js'
import { ServerStatus } from './server-status.js'
import type { IntrospectionServices } from './services.js'
import { flush } from './maintenance/flush.js'
import { lockInstance, lockTables, unlockTables } from './maintenance/lock-tables.js'
import { maintainTables } from './maintenance/maintain-tables.js'
import { isRefused, refused } from './maintenance/refused.js'
import { runServerCommand } from './maintenance/server-command.js'
import { describeTable } from './show/columns.js'
import { ShowContext } from './show/context.js'
import { show } from './show/show.js'

export interface IntrospectionOptions extends OtherStatementsOptions {
  readonly access: AccountAccess
}

export class Introspection {
  private readonly status: ServerStatus
  private connected: IntrospectionServices | undefined

  constructor(private readonly options: IntrospectionOptions) {
    this.status = new ServerStatus(options.sessions, options.transactions)
  }

  /** Called once, when what all sessions share is there. */
  connect(core: ServerCore): void {
    const { options, status } = this
    this.connected = { ...options, core, status, computedTables: computedTablesOf }
  }

  /** Undefined if the statement is none of those that are answered here. */
  run(
    statement: Statement,
    session: EngineSession,
    running: RunningStatement,
  ): Promise<StatementResult> | undefined {
    const context = new ShowContext(this.services, session, running)
    switch (statement.kind) {
      case 'show':
        return show(statement, context)
      case 'describeTable':
        return describeTable(statement, context)
      case 'flush':
        return flush(statement, context)
      case 'lockTables':
        return lockTables(statement, context)
      case 'unlockTables':
        return unlockTables(context)
      case 'lockInstance':
        return lockInstance(statement, context)
      case 'tableMaintenance':
        return maintainTables(statement, context)
      case 'serverCommand':
        return Promise.resolve().then(() => runServerCommand(statement, context))
      default:
        return isRefused(statement) ? refused(statement, context) : undefined
    }
  }

  virtualTable(database: string, name: string): VirtualTable | undefined {
    return findComputedTable(database, name)
  }

  virtualRows(
    table: VirtualTable,
    equalities: readonly { readonly column: number; readonly value: Value }[],
    statement: StatementContext,
    columns: readonly number[] = table.columns.map((_, i) => i),
  ): MaybePromise<Batch> {
    const computed = requireComputedTable(table)
    const filter = filterOf(computed, equalities)
    if (filter === undefined) return Batch.ofTypes(table.columns.map((column) => column.type))
    const { connectionId } = statement.evaluation.session
    const session = this.services.sessions.get(connectionId)
    if (session === undefined) throw new Error('invariant: who runs a statement is connected')
    return computed.read(new ListingRequest(this.services, session, statement, filter), columns)
  }

  /** Connections counts it. */
  noteLogin(): void {
    this.status.noteLogin()
  }

  noteClosed(session: EngineSession): void {
    this.status.noteClosed(session.counters)
  }

  private get services(): IntrospectionServices {
    if (this.connected === undefined) throw new Error('invariant: connected before statements run')
    return this.connected
  }
}
