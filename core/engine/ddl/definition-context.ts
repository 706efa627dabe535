/**
 * What data definition needs: `DefinitionServices` once per server, `DefinitionContext` once per statement. The session
 * makes both; it has committed its open transaction before a definition statement comes here.
 */
import type { Account, RoleName } from '../../catalog/account.js'
import type { LocalCatalog } from '../../catalog/local-catalog.js'
import type { TemporaryTables } from '../../catalog/temporary-tables.js'
import type { BinderEnvironment } from '../../binder/environment.js'
import type { MaybePromise } from '../../common/value.js'
import type { TableDefinition } from '../../plan/schema.js'
import type { Expression, QueryExpression } from '../../plan/syntax/index.js'
import type { AuthenticationMethod } from '../../spi/authentication.js'
import type { CatalogProvider } from '../../spi/catalog.js'
import type { Router } from '../../spi/router.js'
import type { StatementContext } from '../../spi/statement-context.js'
import type { Storage } from '../../spi/storage.js'
import type { Transaction } from '../../spi/transaction.js'
import type { CoreTransactionManager } from '../../transaction/transaction-manager.js'
import type { MetadataObject } from '../../transaction/metadata-locks.js'
import type { SecretBox } from '../secret-box.js'
import type { OrphanRemover } from './orphan-remover.js'

/** Syntax back to canonical SQL. */
export interface SqlPrinter {
  expression(expression: Expression): string
  query(query: QueryExpression): string
}

/** What the server has once. */
export interface DefinitionServices {
  readonly catalog: LocalCatalog
  /** The providers behind the local catalog: their databases exist too, but are not ours to change. */
  readonly otherCatalogs: readonly CatalogProvider[]
  readonly transactions: CoreTransactionManager
  /** Started, in the order of the configuration. */
  readonly storages: readonly Storage[]
  readonly router: Router
  /** Name of the storage for temporary tables that name none; undefined lets the router choose. */
  readonly temporaryStorage: string | undefined
  /** Told that a table goes on under another id. */
  readonly tableMoved: (from: number, to: number) => void
  /** The storage of tables that ask for none. */
  readonly defaultStorage: string
  readonly orphans: OrphanRemover
  readonly authentication: readonly AuthenticationMethod[]
  /** Method of accounts that name none. */
  readonly defaultAuthenticationMethod: string
  readonly printer: SqlPrinter
  /** For the passwords of remote servers. */
  readonly secrets: SecretBox
  /** The password of a server was sealed under another key. */
  reportLostSecret(server: string): void
}

/** What CREATE TABLE … SELECT did. */
export interface InsertedRows {
  readonly affectedRows: number | bigint
  /** Rows that the query gave. */
  readonly records: number
  readonly duplicates: number
  readonly warnings: number
}

export interface DefinitionContext extends DefinitionServices {
  readonly statement: StatementContext
  readonly connectionId: number
  /** The text that the statement's positions are of, a unit a byte of the client's character set. */
  readonly source: string
  readonly clientCharset: string
  /** The default database. */
  readonly database: string | undefined
  /** The account whose privileges count (CURRENT_USER). */
  readonly account: Account
  readonly activeRoles: readonly RoleName[]
  /** The roles that everybody has. */
  mandatoryRoles(): readonly RoleName[]
  readonly sqlMode: number
  /** collation_server: for databases that name none. */
  readonly serverCollation: string
  readonly connectionCollation: string
  readonly foreignKeyChecks: boolean
  /** lock_wait_timeout, for metadata locks. */
  readonly lockWaitTimeoutMs: number
  /** Whether the session has the object locked for itself by LOCK TABLES. */
  holdsLock?(object: MetadataObject): boolean
  readonly temporaryTables: TemporaryTables
  /**
   * For binding expressions and queries of this statement, literals as constants. `extra` are tables that aren't published
   * yet; they are found before all others.
   */
  binderEnvironment(extra?: readonly TableDefinition[]): MaybePromise<BinderEnvironment>
  /** For a query: resolves the relations that it names first, as for a SELECT. Checks privileges. */
  queryEnvironment(
    query: QueryExpression,
    extra?: readonly TableDefinition[],
  ): MaybePromise<BinderEnvironment>
  /**
   * Runs `INSERT [IGNORE] | REPLACE INTO table (columns) query` inside `transaction`; the table isn't published yet. IGNORE
   * and REPLACE are what CREATE TABLE … SELECT says about duplicates.
   */
  insertQuery(
    table: TableDefinition,
    columns: readonly string[],
    query: QueryExpression,
    duplicates: 'ignore' | 'replace' | undefined,
    transaction: Transaction,
  ): Promise<InsertedRows>
}

/** What a definition statement answers. */
export interface DefinitionResult {
  readonly affectedRows: number
  /** Text of the OK packet, '' for none. */
  readonly info: string
  /** The default database of the session was dropped: it has none now. */
  readonly droppedDatabase?: string
  /** Passwords that the server made (IDENTIFIED BY RANDOM PASSWORD): rows of the statement's result. */
  readonly generatedPasswords?: readonly GeneratedPassword[]
}

export interface GeneratedPassword {
  readonly user: string
  readonly host: string
  readonly password: string
}

export const DONE: DefinitionResult = Object.freeze({ affectedRows: 0, info: '' })
