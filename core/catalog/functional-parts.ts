/**
 * Functional key parts (MySQL manual 15.1.15): the index is one over a hidden generated column, which nobody can name and nothing
 * shows; it comes and goes with its index.
 */
import { sqlError } from '../common/sql-error.js'
import { isBinary, isText, type SqlType } from '../common/sql-type.js'
import type { ColumnDefinition, IndexDefinition, TableDefinition } from '../plan/schema.js'
import type { AlterAction } from '../plan/syntax/definition.js'
import type { Expression } from '../plan/syntax/expression.js'
import type { TableDefinitionContext } from './definition-context.js'
import type { IndexSpecification, PartSpecification } from './index-specification.js'
import { nameKey, sameName } from './names.js'
import { columnsNamed, objectionTo } from './syntax-walk.js'

/** Longest VARCHAR; what may be longer is a TEXT. */
const KEY_BYTES_MAX = 65535

export interface FunctionalParts {
  /** The specifications with columns in all their parts. */
  readonly specifications: readonly IndexSpecification[]
  readonly hidden: readonly ColumnDefinition[]
}

/**
 * Throws ER_FUNCTIONAL_INDEX_PRIMARY_KEY, ER_FUNCTIONAL_INDEX_ON_FIELD, ER_FUNCTIONAL_INDEX_ON_LOB and the like, and what binding
 * the expressions throws.
 */
export function functionalParts(
  specifications: readonly IndexSpecification[],
  columns: readonly ColumnDefinition[],
  present: readonly Pick<IndexDefinition, 'name'>[],
  context: TableDefinitionContext,
): FunctionalParts {
  const hidden: ColumnDefinition[] = []
  const indexNames = [...present, ...specifications].map(({ name }) => nameKey(name ?? ''))
  const filled = specifications.map((specification): IndexSpecification => {
    if (specification.parts.every(({ expression }) => expression === undefined)) return specification
    if (specification.kind === 'primary') throw sqlError('ER_FUNCTIONAL_INDEX_PRIMARY_KEY')
    const name = specification.name ?? freeName('functional_index', '_', 2, indexNames)
    indexNames.push(nameKey(name))
    const parts = specification.parts.map((part, i): PartSpecification => {
      if (part.expression === undefined) return part
      const taken = [...columns, ...hidden].map((column) => nameKey(column.name))
      const columnName = freeName(`!hidden!${name}!${String(i)}!0`, '!', 1, taken)
      hidden.push(hiddenColumn(columnName, part.expression, name, columns, context))
      return { ...part, column: columnName, expression: undefined }
    })
    return { ...specification, name, parts }
  })
  return { specifications: filled, hidden }
}

function freeName(wanted: string, separator: string, first: number, taken: readonly string[]): string {
  if (!taken.includes(nameKey(wanted))) return wanted
  for (let i = first; ; i++) {
    const name = `${wanted}${separator}${String(i)}`
    if (!taken.includes(nameKey(name))) return name
  }
}

function hiddenColumn(
  name: string,
  expression: Expression,
  index: string,
  columns: readonly ColumnDefinition[],
  context: TableDefinitionContext,
): ColumnDefinition {
  if (expression.kind === 'column') throw sqlError('ER_FUNCTIONAL_INDEX_ON_FIELD')
  if (objectionTo(expression, 'generated') !== undefined) {
    throw sqlError('ER_FUNCTIONAL_INDEX_FUNCTION_IS_NOT_ALLOWED', index)
  }
  const isAutomatic = columnsNamed(expression).some((reference) =>
    columns.some((column) => column.autoIncrement && sameName(column.name, reference.name)),
  )
  if (isAutomatic) throw sqlError('ER_FUNCTIONAL_INDEX_REF_AUTO_INCREMENT', index)
  const sql = context.expressions.print(expression)
  const type = context.expressions.typeOver(sql, columns)
  checkType(type)
  return Object.freeze<ColumnDefinition>({
    id: context.allocateId(),
    name,
    type,
    nullable: true,
    default: { kind: 'none' },
    autoIncrement: false,
    onUpdateNow: false,
    generated: Object.freeze({ sql, stored: false }),
    comment: '',
    invisible: true,
    hidden: true,
  })
}

function checkType(type: SqlType): void {
  if (type.name === 'json') throw sqlError('ER_FUNCTIONAL_INDEX_ON_JSON_OR_GEOMETRY_FUNCTION')
  const isLarge = /text$|blob$/.test(type.name) || type.length > KEY_BYTES_MAX
  if ((isText(type) || isBinary(type)) && isLarge) throw sqlError('ER_FUNCTIONAL_INDEX_ON_LOB')
}

/** With an index go the columns that are only there for it. */
export function withHiddenDrops(
  actions: readonly AlterAction[],
  table: TableDefinition,
): readonly AlterAction[] {
  return actions.flatMap((action): readonly AlterAction[] => {
    if (action.kind !== 'dropIndex' && action.kind !== 'dropConstraint') return [action]
    const index = table.indexes.find((each) => sameName(each.name, action.name))
    const columns = (index?.parts ?? []).flatMap((part) => table.columns[part.column] ?? [])
    const drops = columns
      .filter((column) => column.hidden === true)
      .map(({ name }): AlterAction => ({ kind: 'dropColumn', name }))
    return [action, ...drops]
  })
}

/** Statements can't name hidden columns: for them there are none. Throws ER_CANT_DROP_FIELD_OR_KEY. */
export function refuseHiddenNames(actions: readonly AlterAction[], table: TableDefinition): void {
  for (const action of actions) {
    if (action.kind !== 'dropColumn') continue
    const column = table.columns.find((each) => sameName(each.name, action.name))
    if (column?.hidden === true) throw sqlError('ER_CANT_DROP_FIELD_OR_KEY', action.name)
  }
}
