/**
 * What introspection reads: the catalogs, the sessions, the storages, the variables. Made once, when the server is put together.
 */
import type { VirtualTable } from '../../plan/logical.js'
import type { OtherStatementsOptions } from '../other-statements.js'
import type { AccountAccess } from '../account-access.js'
import type { ServerCore } from '../server-core.js'
import type { ServerStatus } from './server-status.js'

export interface IntrospectionServices extends OtherStatementsOptions {
  readonly access: AccountAccess
  readonly core: ServerCore
  readonly status: ServerStatus
  /** The tables that the server computes in a database, in the order of their names; most databases have none. */
  computedTables(database: string): readonly VirtualTable[]
}
