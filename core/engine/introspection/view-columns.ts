/**
 * What columns a view has: its query is bound, as if somebody selected from it, but with nobody's privileges.
 */
import { Binder } from '../../binder/binder.js'
import { isSqlError } from '../../common/sql-error.js'
import type { SqlType } from '../../common/sql-type.js'
import type { ColumnDefinition, ViewDefinition } from '../../plan/schema.js'
import { resolveNames } from '../name-resolution.js'
import { binderEnvironment } from '../planner.js'
import { RunningStatement } from '../running-statement.js'
import type { ListingRequest } from './listing.js'

export interface ViewColumn {
  readonly name: string
  readonly type: SqlType
  readonly nullable: boolean
  /** The column of a table that it shows unchanged, if it does. */
  readonly definition: ColumnDefinition | undefined
}

/** None, with a warning, if the view refers to something that is no longer there. */
export async function viewColumns(
  view: ViewDefinition,
  request: ListingRequest,
): Promise<readonly ViewColumn[]> {
  const { core } = request.services
  const { settings, names, planner } = core
  // Binding leaves traces in its statement (parameters, warnings), and this isn't the asker's.
  const running = new RunningStatement(request.session.state, [], settings.limits.queryMemoryBytesMax)
  try {
    const query = names.parseView(view)
    const resolved = await resolveNames(query, view.database, { ...names, temporaryTable: () => undefined })
    const environment = binderEnvironment({ running, parameters: [] }, planner, (database, name) =>
      resolved.relation(database, name),
    )
    const { columns } = new Binder(environment).select(query)
    return columns.map(({ name, type, nullable, origin }, i) => ({
      name: view.columnNames?.[i] ?? name,
      type,
      nullable,
      definition: origin?.definition,
    }))
  } catch (error) {
    if (!isSqlError(error)) throw error
    request.statement.warn('Warning', 'ER_VIEW_INVALID', view.database, view.name)
    return []
  }
}
