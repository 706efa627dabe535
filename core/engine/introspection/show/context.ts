/**
 * What every SHOW statement is run with.
 */
import { canSeeTable } from '../../../catalog/privileges.js'
import { sqlError } from '../../../common/sql-error.js'
import type { QualifiedName } from '../../../plan/syntax/index.js'
import type { RunningStatement } from '../../running-statement.js'
import type { EngineSession } from '../../session.js'
import { EVERYTHING, ListingRequest, type ListingFilter } from '../listing.js'
import { findRelation, requireVisibleDatabase, type RelationRow } from '../relations.js'
import type { IntrospectionServices } from '../services.js'

export class ShowContext {
  constructor(
    readonly services: IntrospectionServices,
    readonly session: EngineSession,
    readonly running: RunningStatement,
  ) {}

  request(filter: ListingFilter = EVERYTHING, onError: 'warn' | 'throw' = 'warn'): ListingRequest {
    return new ListingRequest(this.services, this.session, this.running, filter, onError)
  }

  /** The database named, or the default one. Throws ER_NO_DB_ERROR. */
  databaseName(name: string | undefined): string {
    const database = name ?? this.session.state.database
    if (database === null) throw sqlError('ER_NO_DB_ERROR')
    return database
  }

  /** A request about what is in one database. Throws ER_NO_DB_ERROR, ER_BAD_DB_ERROR, ER_DBACCESS_DENIED_ERROR. */
  async requestIn(
    name: string | undefined,
  ): Promise<{ readonly request: ListingRequest; readonly database: string }> {
    const wanted = this.databaseName(name)
    const { name: database } = await requireVisibleDatabase(this.request(), wanted)
    return { request: this.request({ database, relation: undefined }, 'throw'), database }
  }

  /**
   * A relation by its name. Throws ER_TABLEACCESS_DENIED_ERROR, which names `command`, if the account has no privilege on it,
   * whether it exists or not; ER_NO_SUCH_TABLE and the like.
   */
  async relation(name: QualifiedName, command: string): Promise<RelationRow> {
    const database = this.databaseName(name.database)
    const request = this.request()
    const { account } = request
    const isOwn = this.session.temporaryTables.find(database, name.name) !== undefined
    if (!isOwn && !canSeeTable(account, database, name.name)) {
      throw sqlError('ER_TABLEACCESS_DENIED_ERROR', command, account.user, account.host, name.name)
    }
    return findRelation(request, database, name.name)
  }
}
