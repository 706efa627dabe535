/**
 * For tests of data definition: a session over a whole engine, and a look into its catalog.
 */
import { createTableText } from '../../catalog/show-create.js'
import { isSqlError } from '../../common/sql-error.js'
import type { LocalCatalog } from '../../catalog/local-catalog.js'
import type { TableDefinition } from '../../plan/schema.js'
import type { StatementContext } from '../../spi/statement-context.js'
import type { Storage } from '../../spi/storage.js'
import type { ServerSettings } from '../../spi/settings.js'
import type { CoreTransactionManager } from '../../transaction/transaction-manager.js'
import { verifyTable } from '../../transaction/verify-table.js'
import { TestEngine, type TestSession } from '../../../test/support/engine.js'

interface EngineInside {
  readonly catalog: LocalCatalog
  readonly transactions: CoreTransactionManager
  readonly others: { stop(): Promise<void> }
}

export class DefinitionSession {
  private constructor(
    readonly engine: TestEngine,
    readonly session: TestSession,
  ) {}

  /** An engine with a database `d` that the session uses. */
  static async start(
    storages?: readonly Storage[],
    settings: Partial<ServerSettings> = {},
  ): Promise<DefinitionSession> {
    const engine = await TestEngine.start(storages, settings)
    const session = await engine.session()
    const test = new DefinitionSession(engine, session)
    await test.run('CREATE DATABASE IF NOT EXISTS d', 'USE d')
    return test
  }

  /** What the engine keeps to itself. */
  private get parts(): EngineInside {
    const parts = Reflect.get(this.engine.engine, 'parts') as EngineInside | undefined
    if (parts === undefined) throw new Error('the engine has stopped')
    return parts
  }

  get catalog(): LocalCatalog {
    return this.parts.catalog
  }

  /** What is wrong between a table's rows and its indexes. */
  problems(name: string): Promise<readonly string[]> {
    const statement = { checkKilled: () => undefined } as unknown as StatementContext
    return verifyTable(this.parts.transactions.environment, this.table(name), statement)
  }

  /** Resolves when what drops left behind has been removed. */
  async cleanedUp(): Promise<void> {
    await this.parts.others.stop()
  }

  /** Runs statements one after the other; throws the first error. Answers the last one's info text. */
  async run(...statements: readonly string[]): Promise<string> {
    let info = ''
    for (const sql of statements) info = (await this.session.run(sql)).status?.info ?? ''
    return info
  }

  rows(sql: string): Promise<readonly (readonly (string | null)[])[]> {
    return this.session.rows(sql)
  }

  /** The number of the error that the statement fails with. */
  async failure(sql: string): Promise<number> {
    try {
      await this.session.run(sql)
    } catch (error) {
      if (isSqlError(error)) return error.number
      throw error
    }
    throw new Error(`no error: ${sql}`)
  }

  async warnings(): Promise<readonly string[]> {
    return (await this.rows('SHOW WARNINGS')).map((row) => row.join(' '))
  }

  table(name: string): TableDefinition {
    const table = this.catalog.snapshot.table('d', name)
    if (table === undefined) throw new Error(`no table ${name}`)
    return table
  }

  /** What stands in the parentheses of SHOW CREATE TABLE. */
  body(name: string): string[] {
    return createTableText(this.table(name), 1)
      .split('\n')
      .slice(1, -1)
      .map((line) => line.trim().replace(/,$/, ''))
  }

  /** Another session of the same engine, in `d`. */
  other(): Promise<TestSession> {
    return this.engine.session('d')
  }

  stop(): Promise<void> {
    return this.engine.stop()
  }
}
