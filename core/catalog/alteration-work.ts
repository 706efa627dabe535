/**
 * What an ALTER TABLE has to do with the stored rows: nothing, build indexes, or copy the table. Rows and entries stay where
 * they are only if they can be read by the new definition as if it had written them.
 */
import { charsetOfCollation } from '../common/collations.js'
import { exactLayoutOf } from '../common/exact-layout.js'
import { isBinary, isText, representationOf, sameType, type SqlType } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import type { ColumnDefinition, IndexDefinition, TableDefinition } from '../plan/schema.js'
import { primaryKeyOf } from '../plan/schema.js'
import type { AlteredTable } from './alter-table.js'
import { ROW_FORMS_MAX } from './row-history.js'

export type AlterationWork =
  | { readonly kind: 'definition'; readonly rows: RowsThatStay }
  /** The indexes whose entries have to be built; an index that is there already has to change its id then. */
  | {
      readonly kind: 'indexes'
      readonly rows: RowsThatStay
      readonly build: readonly IndexDefinition[]
    }
  | { readonly kind: 'copy' }

/** `same`: new rows look like them. `older`: they don't, and have these values for columns by their ids. */
export type RowsThatStay =
  { readonly form: 'same' } | { readonly form: 'older'; readonly absentValues: ReadonlyMap<number, Value> }

/** What a NOT NULL column without DEFAULT has in rows that were there before it; undefined if none is known beforehand. */
export type ImplicitValue = (type: SqlType) => Value | undefined

export function alterationWork(altered: AlteredTable, implicitValue: ImplicitValue): AlterationWork {
  const { former, table, isForced } = altered
  const rows = haveSameRows(altered) ? SAME : olderRows(altered, implicitValue)
  if (isForced || rows === undefined || !haveSamePrimaryKey(former, table)) return { kind: 'copy' }
  const build = table.indexes.filter((index) => {
    if (index.primary) return false
    const present = former.indexes.find((each) => each.id === index.id)
    return present === undefined || !haveSameEntries(present, former, index, table)
  })
  return build.length === 0 ? { kind: 'definition', rows } : { kind: 'indexes', rows, build }
}

const SAME: RowsThatStay = { form: 'same' }

function haveSameRows({ former, table, columns }: AlteredTable): boolean {
  return (
    former.columns.length === table.columns.length &&
    table.columns.every((column, i) => {
      const present = former.columns[i]
      return (
        present !== undefined &&
        columns[i]?.from === i &&
        staysAsItIs(present, column) &&
        present.nullable === column.nullable
      )
    })
  )
}

/** Rows that can be read with the note of how they look; undefined if they have to be written anew. */
function olderRows(
  { former, table, columns }: AlteredTable,
  implicitValue: ImplicitValue,
): RowsThatStay | undefined {
  if ((former.rowHistory?.schemas.length ?? 0) + 1 >= ROW_FORMS_MAX) return undefined
  const absentValues = new Map<number, Value>()
  for (const [i, column] of table.columns.entries()) {
    const from = columns[i]?.from
    const present = from === undefined ? undefined : former.columns[from]
    if (present !== undefined) {
      if (!staysAsItIs(present, column) || (present.nullable && !column.nullable)) return undefined
      continue
    }
    const value = absentValueOf(column, implicitValue)
    if (value === undefined) return undefined
    absentValues.set(column.id, value)
  }
  return { form: 'older', absentValues }
}

function absentValueOf(column: ColumnDefinition, implicitValue: ImplicitValue): Value | undefined {
  if (column.generated !== undefined || column.autoIncrement) return undefined
  switch (column.default.kind) {
    case 'value':
      return column.default.value
    case 'none':
      return column.nullable ? null : implicitValue(column.type)
    default:
      return undefined
  }
}

/** Whether what was stored for `former` is what the column has now. */
function staysAsItIs(former: ColumnDefinition, column: ColumnDefinition): boolean {
  return (
    former.generated?.sql === column.generated?.sql &&
    (former.autoIncrement || !column.autoIncrement) &&
    canStay(former.type, column.type)
  )
}

/** Whether every stored value of `before` is the same value of `after`. */
function canStay(before: SqlType, after: SqlType): boolean {
  if (sameType(before, after)) return true
  switch (representationOf(after)) {
    case 'exact':
      return before.name === after.name && exactStays(before, after)
    case 'approximate':
      return before.name === after.name && before.unsigned === after.unsigned && before.scale === after.scale
    case 'text':
      return isText(before) && textStays(before, after)
    case 'bytes':
      return (
        isBinary(before) &&
        after.name !== 'binary' &&
        before.name !== 'binary' &&
        after.length >= before.length
      )
    case 'json':
      return before.name === 'json'
  }
}

/** The display width doesn't matter; members may be added behind the others as long as they need no more bytes. */
function exactStays(before: SqlType, after: SqlType): boolean {
  if (after.name === 'enum' || after.name === 'set') {
    const members = after.members ?? []
    return (
      exactLayoutOf(before).width === exactLayoutOf(after).width &&
      (before.members ?? []).every((member, i) => members[i] === member)
    )
  }
  const isSized = after.name === 'decimal' || after.name === 'bit'
  return (
    before.unsigned === after.unsigned &&
    before.scale === after.scale &&
    (!isSized || before.length === after.length)
  )
}

function textStays(before: SqlType, after: SqlType): boolean {
  if ((before.name === 'char') !== (after.name === 'char')) return false
  const [from, to] = [charsetOfCollation(before.collation), charsetOfCollation(after.collation)]
  if (from !== to && to.name !== 'utf8mb4') return false
  const isLarge = after.name !== 'char' && after.name !== 'varchar'
  if (!isLarge) return (before.name === 'char' || before.name === 'varchar') && after.length >= before.length
  // TEXT types are limited in bytes.
  const isFromLarge = before.name !== 'varchar'
  const bytes = isFromLarge
    ? (before.length / from.bytesPerCharMax) * to.bytesPerCharMax
    : before.length * to.bytesPerCharMax
  return after.length >= (from === to && isFromLarge ? before.length : bytes)
}

/** Rows lie under it, and entries of all other indexes point to it. */
function haveSamePrimaryKey(before: TableDefinition, after: TableDefinition): boolean {
  const [former, next] = [primaryKeyOf(before), primaryKeyOf(after)]
  if (former === undefined || next === undefined) return former === next
  return haveSameEntries(former, before, next, after)
}

function haveSameEntries(
  before: IndexDefinition,
  formerTable: TableDefinition,
  after: IndexDefinition,
  table: TableDefinition,
): boolean {
  return (
    before.unique === after.unique &&
    before.parts.length === after.parts.length &&
    after.parts.every((part, i) => {
      const former = before.parts[i]
      if (former === undefined) return false
      const [a, b] = [formerTable.columns[former.column], table.columns[part.column]]
      return (
        b !== undefined &&
        a?.id === b.id &&
        former.prefixLength === part.prefixLength &&
        former.descending === part.descending &&
        haveSameKeys(a.type, b.type)
      )
    })
  )
}

/** Whether keys of equal values are equal bytes. */
function haveSameKeys(before: SqlType, after: SqlType): boolean {
  if (isText(before) || isText(after)) return before.collation === after.collation
  return canStay(before, after)
}
