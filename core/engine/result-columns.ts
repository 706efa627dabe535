/**
 * Metadata of result columns from bound columns.
 */
import type { BoundColumn } from '../binder/binding.js'
import { baseOf } from '../binder/scope.js'
import type { SqlType } from '../common/sql-type.js'
import type { ResultColumn } from '../spi/session.js'

export function resultColumn(column: BoundColumn): ResultColumn {
  const origin = column.origin
  const base = baseOf(origin)
  const definition = base?.definition
  const table = base?.definedIn
  const position = table === undefined || definition === undefined ? -1 : table.columns.indexOf(definition)
  const leading = table?.indexes.filter((index) => index.parts[0]?.column === position) ?? []
  return {
    name: column.name,
    originalName: origin?.column ?? '',
    table: origin?.tableAlias ?? '',
    originalTable: origin?.table ?? '',
    // A derived table has no database, but what it takes from a table does.
    database: origin?.database === '' ? (base?.definedIn.database ?? '') : (origin?.database ?? ''),
    type: column.type,
    nullable: column.nullable,
    primaryKey:
      table?.indexes.some((index) => index.primary && index.parts.some((part) => part.column === position)) ??
      false,
    uniqueKey: leading.some((index) => index.unique && !index.primary && index.parts.length === 1),
    multipleKey: leading.some((index) => !index.unique || (!index.primary && index.parts.length > 1)),
    autoIncrement: definition?.autoIncrement ?? false,
    // MySQL tells it of TIMESTAMP only.
    onUpdateNow: definition?.onUpdateNow === true && column.type.name === 'timestamp',
    hasNoDefault:
      definition?.default.kind === 'none' && definition.generated === undefined && !definition.autoIncrement,
  }
}

/** A column of a result that the engine makes up itself: SHOW, EXPLAIN. */
export function plainColumn(name: string, type: SqlType, nullable = true): ResultColumn {
  return {
    name,
    originalName: name,
    table: '',
    originalTable: '',
    database: '',
    type,
    nullable,
    primaryKey: false,
    uniqueKey: false,
    multipleKey: false,
    autoIncrement: false,
    onUpdateNow: false,
    hasNoDefault: false,
  }
}
