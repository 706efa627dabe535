/**
 * What clients ask about the server itself: the computed tables of information_schema and performance_schema, SHOW and DESCRIBE,
 * FLUSH, LOCK TABLES and table maintenance. Each family of statements has its own file; here they are put together.
 */
import type { Batch } from '../../common/batch.js'
import type { MaybePromise, Value } from '../../common/value.js'
import type { VirtualTable } from '../../plan/logical.js'
import type { Statement } from '../../plan/syntax/index.js'
import type { StatementContext } from '../../spi/statement-context.js'
import type { AccountAccess } from '../account-access.js'
import type { OtherStatementsOptions } from '../other-statements.js'
import type { RunningStatement } from '../running-statement.js'
import type { ServerCore, StatementResult } from '../server-core.js'
import type { EngineSession } from '../session.js'

export interface IntrospectionOptions extends OtherStatementsOptions {
  readonly access: AccountAccess
}

export class Introspection {
  private core: ServerCore | undefined
  private logins = 0

  constructor(private readonly options: IntrospectionOptions) {}

  /** Called once, when what all sessions share is there. */
  connect(core: ServerCore): void {
    this.core = core
  }

  /** Undefined if the statement is none of those that are answered here. */
  run(
    statement: Statement,
    session: EngineSession,
    running: RunningStatement,
  ): Promise<StatementResult> | undefined {
    void statement
    void session
    void running
    return undefined
  }

  virtualTable(database: string, name: string): VirtualTable | undefined {
    void database
    void name
    return undefined
  }

  virtualRows(
    table: VirtualTable,
    equalities: readonly { readonly column: number; readonly value: Value }[],
    statement: StatementContext,
  ): MaybePromise<Batch> {
    void equalities
    void statement
    throw new Error(
      `invariant: ${table.name} is a computed table (${String(this.core)}, ${String(this.options)})`,
    )
  }

  /** Connections counts it. */
  noteLogin(): void {
    this.logins++
  }
}
