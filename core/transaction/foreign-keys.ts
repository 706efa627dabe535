/**
 * Foreign keys (MySQL manual 15.1.20.5), checked row by row as InnoDB does, NO ACTION like RESTRICT.
 *
 * A child that refers to a parent locks the parent's key shared and so keeps it from being deleted until the child's
 * transaction ends; whoever deletes or changes a parent holds its lock exclusively and finds all of its committed children.
 */
import { copyRange, equalRanges, successorOfPrefix, ByteBuffer } from '../common/bytes.js'
import { sqlError, type SqlError } from '../common/sql-error.js'
import type { ErrorCode } from '../common/error-catalogue.js'
import type { SqlType } from '../common/sql-type.js'
import { codePointCount } from '../common/value-text.js'
import { isPromise, type Value } from '../common/value.js'
import type {
  ColumnDefinition,
  ForeignKeyDefinition,
  IndexDefinition,
  ReferentialAction,
  TableDefinition,
} from '../plan/schema.js'
import { EntryScan } from './entry-scan.js'
import type { ForeignKeyReference } from './environment.js'
import type { Steps } from './steps.js'
import type { IndexRuntime, TableRuntime } from './table-runtime.js'
import type { CoreTransaction } from './transaction.js'

/** MySQL's FK_MAX_CASCADE_DEL. */
const CASCADE_DEPTH_MAX = 15
const CHILDREN_PER_SLICE = 256

/** The key that a foreign key looks for: a prefix of an index of the other table. */
interface TargetKey {
  readonly runtime: TableRuntime
  /** Undefined for the primary key. */
  readonly index: IndexRuntime | undefined
  readonly keyspace: number
  readonly prefix: Buffer
  /** Whether the prefix is a whole key that at most one row has. */
  readonly isUnique: boolean
}

export class ForeignKeyChecks {
  constructor(
    private readonly transaction: CoreTransaction,
    private readonly runtime: TableRuntime,
  ) {}

  /** Whether changes of a row may concern rows of other tables. */
  get isReferenced(): boolean {
    return this.transaction.checksForeignKeys && this.references().length > 0
  }

  /** Whether writes have anything to check. */
  get isNeeded(): boolean {
    if (!this.transaction.checksForeignKeys) return false
    return this.runtime.table.foreignKeys.length > 0 || this.references().length > 0
  }

  /** Whether an update that writes only these columns has anything to check. */
  concerns(written: readonly number[]): boolean {
    if (!this.transaction.checksForeignKeys) return false
    const isWritten = (column: number): boolean => written.includes(column)
    const { table } = this.runtime
    return (
      table.foreignKeys.some(({ columns }) => columns.some(isWritten)) ||
      this.references().some(({ foreignKey }) =>
        positionsOf(table, foreignKey.referencedColumns).some(isWritten),
      )
    )
  }

  /** Throws ER_NO_REFERENCED_ROW_2. */
  *beforeInsert(row: readonly Value[]): Steps<void> {
    if (!this.transaction.checksForeignKeys) return
    for (const foreignKey of this.runtime.table.foreignKeys) yield* this.requireParent(foreignKey, row)
  }

  /** Throws ER_NO_REFERENCED_ROW_2, ER_ROW_IS_REFERENCED_2, ER_FK_DEPTH_EXCEEDED, and what cascades meet. */
  *beforeUpdate(
    rowKey: Uint8Array,
    oldRow: readonly Value[],
    row: readonly Value[],
    cascadedKey: number | undefined,
  ): Steps<void> {
    if (!this.transaction.checksForeignKeys) return
    for (const foreignKey of this.runtime.table.foreignKeys) {
      const isChanged = foreignKey.columns.some((column) => !sameValue(oldRow[column], row[column]))
      if (isChanged && foreignKey.id !== cascadedKey) yield* this.requireParent(foreignKey, row)
    }
    yield* this.changeAllChildren(rowKey, oldRow, row)
  }

  /** Throws ER_ROW_IS_REFERENCED_2, ER_FK_DEPTH_EXCEEDED, and what cascades meet. */
  *beforeDelete(rowKey: Uint8Array, oldRow: readonly Value[]): Steps<void> {
    if (this.transaction.checksForeignKeys) yield* this.changeAllChildren(rowKey, oldRow, undefined)
  }

  private references(): readonly ForeignKeyReference[] {
    return this.transaction.environment.foreignKeys.referencesTo(this.runtime.table)
  }

  // ---- the child's side

  private *requireParent(foreignKey: ForeignKeyDefinition, row: readonly Value[]): Steps<void> {
    const values = foreignKey.columns.map((column) => row[column] as Value)
    if (values.includes(null)) return
    const { environment } = this.transaction
    const parent = environment.foreignKeys.parentOf(this.runtime.table, foreignKey)
    if (parent === undefined) throw this.noParent(foreignKey)
    const columns = positionsOf(parent, foreignKey.referencedColumns)
    if (parent.id === this.runtime.table.id && this.isOwnParent(columns, values, row)) return
    const target = this.targetKey(this.transaction.keyspaceTable(parent).runtime, columns, values)
    if (!(yield* this.lockExisting(target))) throw this.noParent(foreignKey)
  }

  /** A row may refer to itself. */
  private isOwnParent(columns: readonly number[], values: readonly Value[], row: readonly Value[]): boolean {
    return columns.every((column, i) => sameValue(row[column], values[i]))
  }

  /** Locks a row with the key shared, and answers whether there is one. */
  private *lockExisting(target: TargetKey): Steps<boolean> {
    const { writer } = this.transaction.keyspaceTable(target.runtime.table)
    // The lock on a unique key holds off both its removal and its insertion.
    if (target.isUnique) {
      yield* writer.lock(target.keyspace, target.prefix, false)
      return (yield* this.find(target, undefined, 1)).rowKeys.length > 0
    }
    for (;;) {
      const rowKey = (yield* this.find(target, undefined, 1)).rowKeys[0]
      if (rowKey === undefined) return false
      yield* writer.lock(target.runtime.rowKeyspace, rowKey, false)
      const again = (yield* this.find(target, undefined, 1)).rowKeys[0]
      if (again !== undefined && equalRanges(again, 0, again.length, rowKey, 0, rowKey.length)) return true
    }
  }

  private noParent(foreignKey: ForeignKeyDefinition): SqlError {
    return constraintError('ER_NO_REFERENCED_ROW_2', this.runtime.table, foreignKey)
  }

  // ---- the parent's side

  /** `row` is undefined when the parent is deleted. */
  private *changeAllChildren(
    rowKey: Uint8Array,
    oldRow: readonly Value[],
    row: readonly Value[] | undefined,
  ): Steps<void> {
    const references = this.references()
    if (references.length === 0) return
    const { changedParents } = this.transaction
    changedParents.push({ tableId: this.runtime.table.id, rowKey, isDeleted: row === undefined })
    try {
      for (const reference of references) yield* this.changeChildren(reference, oldRow, row)
    } finally {
      changedParents.pop()
    }
  }

  private *changeChildren(
    { child, foreignKey }: ForeignKeyReference,
    oldRow: readonly Value[],
    row: readonly Value[] | undefined,
  ): Steps<void> {
    const columns = positionsOf(this.runtime.table, foreignKey.referencedColumns)
    const values = columns.map((column) => oldRow[column] as Value)
    if (values.includes(null)) return
    if (row !== undefined && columns.every((column) => sameValue(oldRow[column], row[column]))) return
    const action = row === undefined ? foreignKey.onDelete : foreignKey.onUpdate
    const target = this.targetKey(this.transaction.keyspaceTable(child).runtime, foreignKey.columns, values)
    const cascade = new Cascade(foreignKey, action, columns, row)
    let after: Buffer | undefined
    for (;;) {
      const found = yield* this.find(target, after, CHILDREN_PER_SLICE)
      for (const childKey of found.rowKeys) {
        const isGoing = cascade.isWriting && this.isBeingDeleted(child, childKey)
        if (!isGoing) yield* this.changeChild(cascade, target, childKey)
      }
      if (found.last === undefined) return
      after = found.last
    }
  }

  private *changeChild(cascade: Cascade, target: TargetKey, childKey: Buffer): Steps<void> {
    const { transaction } = this
    const access = transaction.keyspaceTable(target.runtime.table)
    yield* access.writer.lock(target.runtime.rowKeyspace, childKey, cascade.isWriting)
    const bytes = yield* access.writer.readRow(childKey)
    if (bytes === undefined) return
    const childRow = target.runtime.rowDecoder.values(bytes, 0, bytes.length)
    // While we waited for its lock, the child may have turned to another parent.
    const present = this.targetKey(
      target.runtime,
      cascade.foreignKey.columns,
      cascade.foreignKey.columns.map((column) => childRow[column] as Value),
    )
    if (!equalRanges(present.prefix, 0, present.prefix.length, target.prefix, 0, target.prefix.length)) return
    const changed = cascade.apply(childRow)
    const { table } = target.runtime
    const isRefused = changed !== undefined && (this.isBeingUpdated(table) || !cascade.fits(table, changed))
    if (!cascade.isWriting || isRefused) {
      throw constraintError('ER_ROW_IS_REFERENCED_2', table, cascade.foreignKey)
    }
    if (transaction.changedParents.length > CASCADE_DEPTH_MAX)
      throw sqlError('ER_FK_DEPTH_EXCEEDED', CASCADE_DEPTH_MAX)
    if (changed === undefined) return yield* access.writer.delete(childKey)
    if (target.runtime.feedsGenerated(cascade.foreignKey.columns)) this.computeGenerated(table, changed)
    yield* access.writer.update(childKey, changed, 'throw', cascade.foreignKey.id)
  }

  private computeGenerated(child: TableDefinition, row: Value[]): void {
    const { environment, evaluation } = this.transaction
    if (evaluation === undefined) throw new Error('invariant: cascades are part of statements')
    environment.foreignKeys.computeGenerated(child, row, evaluation)
  }

  /** Rows that refer to each other by cascades are deleted together. */
  private isBeingDeleted(table: TableDefinition, rowKey: Buffer): boolean {
    return this.transaction.changedParents.some(
      (parent) =>
        parent.isDeleted &&
        parent.tableId === table.id &&
        equalRanges(parent.rowKey, 0, parent.rowKey.length, rowKey, 0, rowKey.length),
    )
  }

  /** A cascade that comes back to a table that it updates is refused, as in MySQL: a row's new values wait for those of its children. */
  private isBeingUpdated(table: TableDefinition): boolean {
    return this.transaction.changedParents.some((parent) => !parent.isDeleted && parent.tableId === table.id)
  }

  // ---- keys

  /** The key of `values` in the index of a table that begins with `columns`; the catalog keeps one for every foreign key. */
  private targetKey(runtime: TableRuntime, columns: readonly number[], values: readonly Value[]): TargetKey {
    const definition = indexOn(runtime.table, columns)
    if (definition === undefined) {
      throw new Error(`invariant: ${runtime.table.name} has an index for each of its foreign keys`)
    }
    const index = runtime.indexOf(definition)
    const encoder = index?.encoder ?? runtime.keyEncoder
    prefixBuffer.clear()
    const hasNull = encoder?.writeValues(prefixBuffer, values) ?? false
    return {
      runtime,
      index,
      keyspace: index?.keyspace ?? runtime.rowKeyspace,
      prefix: prefixBuffer.copy(),
      isUnique: definition.unique && definition.parts.length === columns.length && !hasNull,
    }
  }

  /** Keys of committed and own rows with the key, behind the entry `after`. `last` is set if there may be more. */
  private *find(
    target: TargetKey,
    after: Buffer | undefined,
    limit: number,
  ): Steps<{ readonly rowKeys: readonly Buffer[]; readonly last: Buffer | undefined }> {
    const { transaction } = this
    const { runtime, index } = target
    const overlay = transaction.overlayAt(runtime.state.ordinal)
    const range = { lower: after ?? target.prefix, upper: successorOfPrefix(target.prefix) }
    // The last state plus own writes: own removals are certain here, as they are of rows.
    const scan = new EntryScan(target.keyspace, range, false, false)
    const rowKeys: Buffer[] = []
    while (rowKeys.length === 0 && !scan.isExhausted) {
      const slice = scan.next(
        transaction.latestOf(runtime.state),
        overlay,
        limit,
        (key, keyStart, keyEnd, value, valueStart, valueEnd) => {
          rowKeys.push(
            index === undefined ? copyRange(key, keyStart, keyEnd) : copyRange(value, valueStart, valueEnd),
          )
          return rowKeys.length < limit
        },
      )
      if (isPromise(slice)) yield slice
    }
    const last = scan.isExhausted ? undefined : (scan.rest.lower as Buffer | undefined)
    return { rowKeys, last }
  }
}

const prefixBuffer = new ByteBuffer(64)

/** What happens to the children of one parent row. */
class Cascade {
  readonly isWriting: boolean

  constructor(
    readonly foreignKey: ForeignKeyDefinition,
    private readonly action: ReferentialAction,
    private readonly parentColumns: readonly number[],
    private readonly parentRow: readonly Value[] | undefined,
  ) {
    this.isWriting = action === 'CASCADE' || action === 'SET NULL'
  }

  /** The child's new row; undefined if it shall be deleted. */
  apply(childRow: readonly Value[]): Value[] | undefined {
    if (this.action === 'CASCADE' && this.parentRow === undefined) return undefined
    const changed = [...childRow]
    for (const [i, column] of this.foreignKey.columns.entries()) {
      changed[column] =
        this.action === 'CASCADE' ? (this.parentRow?.[this.parentColumns[i] as number] as Value) : null
    }
    return changed
  }

  /** Whether the child's columns have room for what they get. */
  fits(child: TableDefinition, changed: readonly Value[]): boolean {
    return this.foreignKey.columns.every((column) =>
      isWithin((child.columns[column] as ColumnDefinition).type, changed[column] as Value),
    )
  }
}

/** Texts that refer to each other may differ in how long they can be. */
function isWithin({ length }: SqlType, value: Value): boolean {
  if (typeof value === 'string') return value.length <= length || codePointCount(value) <= length
  return !(value instanceof Uint8Array) || value.length <= length
}

function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

/** An index whose first parts are whole columns, these, in this order; a unique one of just them if there is. */
export function indexOn(table: TableDefinition, columns: readonly number[]): IndexDefinition | undefined {
  const fitting = table.indexes.filter((index) =>
    columns.every((column, i) => {
      const part = index.parts[i]
      return part?.column === column && part.prefixLength === undefined
    }),
  )
  return fitting.find((index) => index.unique && index.parts.length === columns.length) ?? fitting[0]
}

/** Positions of a table's columns of these names. */
export function positionsOf(table: TableDefinition, names: readonly string[]): readonly number[] {
  return names.map((name) => {
    const wanted = name.toLowerCase()
    const position = table.columns.findIndex((column) => column.name.toLowerCase() === wanted)
    if (position < 0) throw new Error(`invariant: ${table.name} has the columns that foreign keys refer to`)
    return position
  })
}

function sameValue(a: Value | undefined, b: Value | undefined): boolean {
  if (a === b) return true
  return a instanceof Uint8Array && b instanceof Uint8Array && equalRanges(a, 0, a.length, b, 0, b.length)
}

const NO_CLAUSE: readonly ReferentialAction[] = ['NO ACTION']

/** As MySQL words it: (`db`.`child`, CONSTRAINT `name` FOREIGN KEY (`a`) REFERENCES `parent` (`id`) ON DELETE …). */
export function constraintError(
  code: ErrorCode,
  child: TableDefinition,
  foreignKey: ForeignKeyDefinition,
): SqlError {
  const list = (names: readonly string[]): string => names.map(quoted).join(', ')
  const columns = foreignKey.columns.map((column) => child.columns[column]?.name ?? '')
  const parent =
    foreignKey.referencedDatabase === child.database
      ? quoted(foreignKey.referencedTable)
      : `${quoted(foreignKey.referencedDatabase)}.${quoted(foreignKey.referencedTable)}`
  const clause = (event: string, action: ReferentialAction): string =>
    NO_CLAUSE.includes(action) ? '' : ` ON ${event} ${action}`
  return sqlError(
    code,
    `${quoted(child.database)}.${quoted(child.name)}, CONSTRAINT ${quoted(foreignKey.name)} ` +
      `FOREIGN KEY (${list(columns)}) REFERENCES ${parent} (${list(foreignKey.referencedColumns)})` +
      clause('DELETE', foreignKey.onDelete) +
      clause('UPDATE', foreignKey.onUpdate),
  )
}
