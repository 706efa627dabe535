/**
 * Foreign keys (MySQL manual 15.1.20.5): names, and whether parent and child fit together.
 */
import { charsetOfCollation } from '../common/collations.js'
import { sqlError } from '../common/sql-error.js'
import { isBinary, isText, type SqlType } from '../common/sql-type.js'
import type {
  ColumnDefinition,
  ForeignKeyDefinition,
  IndexDefinition,
  ReferentialAction,
  TableDefinition,
} from '../plan/schema.js'
import { isMadeOf } from '../plan/generated-columns.js'
import type { ForeignKeyDefinition as ForeignKeySyntax, ReferenceAction } from '../plan/syntax/definition.js'
import type { TableDefinitionContext } from './definition-context.js'
import { checkConstraintName, checkTableName, nameKey, sameName } from './names.js'
import type { CatalogSnapshot } from './snapshot.js'

const ACTIONS: Readonly<Record<ReferenceAction, ReferentialAction>> = {
  restrict: 'RESTRICT',
  cascade: 'CASCADE',
  setNull: 'SET NULL',
  noAction: 'NO ACTION',
  setDefault: 'SET DEFAULT',
}

/** The table that gets the foreign key, as far as it is known. */
export interface ChildTable {
  readonly database: string
  readonly name: string
  readonly columns: readonly ColumnDefinition[]
}

/**
 * One foreign key. `takenNames` has the names of the other constraints of the table. Throws ER_KEY_COLUMN_DOES_NOT_EXITS,
 * ER_WRONG_FK_DEF, ER_FK_COLUMN_NOT_NULL, ER_CANNOT_ADD_FOREIGN.
 */
export function defineForeignKey(
  syntax: ForeignKeySyntax,
  child: ChildTable,
  name: string,
  context: TableDefinitionContext,
): ForeignKeyDefinition {
  const { references } = syntax
  checkConstraintName(name)
  checkTableName(references.table.name)
  if (syntax.columns.length !== references.columns.length) {
    throw sqlError('ER_WRONG_FK_DEF', syntax.name ?? 'foreign key without name', MISMATCH)
  }
  const columns = syntax.columns.map((column) => {
    const position = child.columns.findIndex((each) => sameName(each.name, column))
    if (position < 0) throw sqlError('ER_KEY_COLUMN_DOES_NOT_EXITS', column)
    return position
  })
  const foreignKey: ForeignKeyDefinition = Object.freeze({
    id: context.allocateId(),
    name,
    columns: Object.freeze(columns),
    referencedDatabase: references.table.database ?? child.database,
    referencedTable: references.table.name,
    referencedColumns: Object.freeze([...references.columns]),
    onDelete: ACTIONS[references.onDelete ?? 'noAction'],
    onUpdate: ACTIONS[references.onUpdate ?? 'noAction'],
  })
  checkActions(foreignKey, child)
  return foreignKey
}

const MISMATCH = "Key reference and table reference don't match"

/**
 * SET NULL needs columns that can be NULL; SET DEFAULT is parsed and refused, as by InnoDB. What stored generated columns are made of is
 * not changed by actions (MySQL manual 15.1.20.8).
 */
export function checkActions(foreignKey: ForeignKeyDefinition, child: Pick<ChildTable, 'columns'>): void {
  const actions = [foreignKey.onDelete, foreignKey.onUpdate]
  if (actions.includes('SET DEFAULT')) throw sqlError('ER_CANNOT_ADD_FOREIGN')
  for (const position of foreignKey.columns) {
    const column = child.columns[position]
    if (column === undefined) throw new Error('invariant: a foreign key names columns of its table')
    if (actions.includes('SET NULL') && !column.nullable) {
      throw sqlError('ER_FK_COLUMN_NOT_NULL', column.name, foreignKey.name)
    }
    const isChanged = actions.includes('CASCADE') || actions.includes('SET NULL')
    if (
      isChanged &&
      child.columns.some((each) => each.generated?.stored === true && isMadeOf(each, column.name))
    ) {
      throw sqlError('ER_CANNOT_ADD_FOREIGN')
    }
    if (column.generated === undefined) continue
    if (!column.generated.stored) {
      throw sqlError('ER_FOREIGN_KEY_WITH_VIRTUAL_COLUMN', foreignKey.name, column.name)
    }
    if (foreignKey.onUpdate === 'CASCADE') {
      throw sqlError('ER_FK_CANNOT_USE_VIRTUAL_COLUMN', 'ON UPDATE CASCADE')
    }
    if (actions.includes('SET NULL')) {
      const clause = foreignKey.onDelete === 'SET NULL' ? 'ON DELETE SET NULL' : 'ON UPDATE SET NULL'
      throw sqlError('ER_FK_CANNOT_USE_VIRTUAL_COLUMN', clause)
    }
  }
}

/** `t_ibfk_1`, `t_ibfk_2`, …: above all numbers that the table has already. */
export class ForeignKeyNames {
  private last: number

  constructor(
    private readonly table: string,
    present: readonly ForeignKeyDefinition[],
  ) {
    this.last = lastNumber(
      present.map((foreignKey) => foreignKey.name),
      `${table}_ibfk_`,
    )
  }

  next(): string {
    return `${this.table}_ibfk_${String(++this.last)}`
  }
}

/** The largest number behind a prefix among names, or 0. */
export function lastNumber(names: readonly string[], prefix: string): number {
  let last = 0
  for (const name of names) {
    if (!nameKey(name).startsWith(nameKey(prefix))) continue
    const number = name.slice(prefix.length)
    if (/^[1-9]\d{0,9}$/.test(number)) last = Math.max(last, Number(number))
  }
  return last
}

/** Foreign key names are unique in a database. Throws ER_FK_DUP_NAME. */
export function checkForeignKeyNames(
  added: readonly ForeignKeyDefinition[],
  table: Pick<TableDefinition, 'id' | 'database' | 'foreignKeys'>,
  snapshot: CatalogSnapshot,
): void {
  const seen = new Set<string>()
  for (const { name } of table.foreignKeys) {
    if (seen.has(nameKey(name))) throw sqlError('ER_FK_DUP_NAME', name)
    seen.add(nameKey(name))
  }
  if (added.length === 0) return
  const wanted = new Set(added.map((foreignKey) => nameKey(foreignKey.name)))
  for (const relation of snapshot.relations(table.database)) {
    if (relation.kind !== 'table' || relation.id === table.id) continue
    const clash = relation.foreignKeys.find((foreignKey) => wanted.has(nameKey(foreignKey.name)))
    if (clash !== undefined) throw sqlError('ER_FK_DUP_NAME', clash.name)
  }
}

// ---- Parent and child -----------------------------------------------------------------------------------------

/**
 * Whether the parent fits. It is undefined if it doesn't exist, which is allowed with foreign_key_checks off. Throws
 * ER_FK_CANNOT_OPEN_PARENT, ER_FK_NO_COLUMN_PARENT, ER_FK_NO_INDEX_PARENT, ER_FK_INCOMPATIBLE_COLUMNS.
 */
export function checkParent(
  foreignKey: ForeignKeyDefinition,
  child: Pick<ChildTable, 'columns'>,
  parent: TableDefinition | undefined,
  foreignKeyChecks: boolean,
): void {
  if (parent === undefined) {
    if (foreignKeyChecks) throw sqlError('ER_FK_CANNOT_OPEN_PARENT', foreignKey.referencedTable)
    return
  }
  const positions = foreignKey.referencedColumns.map((name) => {
    const position = parent.columns.findIndex((column) => sameName(column.name, name))
    if (position < 0) throw sqlError('ER_FK_NO_COLUMN_PARENT', name, foreignKey.name, parent.name)
    return position
  })
  foreignKey.columns.forEach((position, i) => {
    const own = child.columns[position]
    const other = parent.columns[positions[i] ?? -1]
    if (own === undefined || other === undefined) throw new Error('invariant: foreign key columns exist')
    if (!areCompatible(own.type, other.type)) {
      throw sqlError('ER_FK_INCOMPATIBLE_COLUMNS', own.name, other.name, foreignKey.name)
    }
  })
  if (!parent.indexes.some((index) => hasColumnsInFront(index, positions))) {
    throw sqlError('ER_FK_NO_INDEX_PARENT', foreignKey.name, parent.name)
  }
}

/** Whether an index begins with these columns, whole and in this order. */
export function hasColumnsInFront(index: IndexDefinition, columns: readonly number[]): boolean {
  return columns.every((column, i) => {
    const part = index.parts[i]
    return part?.column === column && part.prefixLength === undefined
  })
}

/** Numbers and dates must be of one type, strings of one character set and collation; lengths of strings may differ. */
export function areCompatible(a: SqlType, b: SqlType): boolean {
  if (isText(a) && isText(b)) {
    return a.collation === b.collation && charsetOfCollation(a.collation) === charsetOfCollation(b.collation)
  }
  if (isBinary(a) && isBinary(b)) return true
  if (a.name !== b.name || a.unsigned !== b.unsigned) return false
  switch (a.name) {
    case 'decimal':
      return a.length === b.length && a.scale === b.scale
    case 'bit':
      return a.length === b.length
    case 'time':
    case 'datetime':
    case 'timestamp':
      return a.scale === b.scale
    default:
      return true
  }
}
