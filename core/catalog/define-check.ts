/**
 * CHECK constraints (MySQL manual 15.1.20.6): names and what their conditions may say. That the condition makes sense
 * (functions exist, types fit) is found out when the engine binds it.
 */
import { sqlError } from '../common/sql-error.js'
import type { CheckDefinition, ColumnDefinition, ForeignKeyDefinition } from '../plan/schema.js'
import type { CheckDefinition as CheckSyntax } from '../plan/syntax/definition.js'
import type { Expression, ExpressionKind } from '../plan/syntax/expression.js'
import type { TableDefinitionContext } from './definition-context.js'
import { lastNumber } from './define-foreign-key.js'
import { checkConstraintName, nameKey, sameName } from './names.js'
import type { CatalogSnapshot } from './snapshot.js'
import { columnsNamed, objectionTo } from './syntax-walk.js'

/** `t_chk_1`, `t_chk_2`, …: above all numbers that the table has already. */
export class CheckNames {
  private last: number

  constructor(
    private readonly table: string,
    present: readonly CheckDefinition[],
  ) {
    this.last = lastNumber(
      present.map((check) => check.name),
      `${table}_chk_`,
    )
  }

  next(): string {
    return `${this.table}_chk_${String(++this.last)}`
  }
}

/** `ownColumn` is the column that the check stands behind; undefined for one of the table. */
export function defineCheck(
  syntax: CheckSyntax,
  name: string,
  ownColumn: string | undefined,
  columns: readonly ColumnDefinition[],
  context: TableDefinitionContext,
): CheckDefinition {
  checkConstraintName(name)
  checkCondition(syntax.expression, name)
  for (const reference of columnsNamed(syntax.expression)) {
    if (ownColumn !== undefined && !sameName(reference.name, ownColumn)) {
      throw sqlError('ER_COLUMN_CHECK_CONSTRAINT_REFERENCES_OTHER_COLUMN', name)
    }
    const column = columns.find((each) => sameName(each.name, reference.name))
    if (column === undefined)
      throw sqlError('ER_CHECK_CONSTRAINT_REFERS_UNKNOWN_COLUMN', name, reference.name)
    if (column.autoIncrement) throw sqlError('ER_CHECK_CONSTRAINT_REFERS_AUTO_INCREMENT_COLUMN', name)
  }
  return Object.freeze({
    name,
    sql: context.expressions.print(syntax.expression),
    enforced: syntax.enforced,
  })
}

function checkCondition(expression: Expression, name: string): void {
  const objection = objectionTo(expression, 'check')
  switch (objection?.kind) {
    case 'function':
      throw sqlError('ER_CHECK_CONSTRAINT_NAMED_FUNCTION_IS_NOT_ALLOWED', name, objection.name)
    case 'variable':
      throw sqlError('ER_CHECK_CONSTRAINT_VARIABLES', name)
    case 'construct':
      throw sqlError('ER_CHECK_CONSTRAINT_FUNCTION_IS_NOT_ALLOWED', name)
    default:
  }
  if (!isCondition(expression)) throw sqlError('ER_NON_BOOLEAN_EXPR_FOR_CHECK_CONSTRAINT', name)
}

const BOOLEAN_KINDS: ReadonlySet<ExpressionKind> = new Set<ExpressionKind>([
  'null',
  'boolean',
  'logical',
  'comparison',
  'is',
  'like',
  'regexp',
  'soundsLike',
  'between',
  'in',
  'memberOf',
])
const BOOLEAN_FUNCTIONS: ReadonlySet<string> = new Set([
  'is_ipv4',
  'is_ipv4_compat',
  'is_ipv4_mapped',
  'is_ipv6',
  'is_uuid',
  'isnull',
  'json_contains',
  'json_contains_path',
  'json_overlaps',
  'json_schema_valid',
  'json_valid',
  'regexp_like',
])

/** Conditions by their form, as MySQL asks for: a column or a sum is none, though it could be tested. */
function isCondition(expression: Expression): boolean {
  if (expression.kind === 'unary') return expression.operator === 'not'
  if (expression.kind === 'function') return BOOLEAN_FUNCTIONS.has(expression.name.toLowerCase())
  return BOOLEAN_KINDS.has(expression.kind)
}

/** Names of checks are unique in a database. Throws ER_CHECK_CONSTRAINT_DUP_NAME. */
export function checkCheckNames(
  added: readonly CheckDefinition[],
  table: {
    readonly id: number
    readonly database: string
    readonly checks: readonly CheckDefinition[]
  },
  snapshot: CatalogSnapshot,
): void {
  const seen = new Set<string>()
  for (const { name } of table.checks) {
    if (seen.has(nameKey(name))) throw sqlError('ER_CHECK_CONSTRAINT_DUP_NAME', name)
    seen.add(nameKey(name))
  }
  if (added.length === 0) return
  const wanted = new Set(added.map((check) => nameKey(check.name)))
  for (const relation of snapshot.relations(table.database)) {
    if (relation.kind !== 'table' || relation.id === table.id) continue
    const clash = relation.checks.find((check) => wanted.has(nameKey(check.name)))
    if (clash !== undefined) throw sqlError('ER_CHECK_CONSTRAINT_DUP_NAME', clash.name)
  }
}

/** A column that a referential action changes can't be in a check. */
export function checkAgainstActions(
  checks: readonly { readonly name: string; readonly expression: Expression }[],
  foreignKeys: readonly ForeignKeyDefinition[],
  columns: readonly ColumnDefinition[],
): void {
  for (const foreignKey of foreignKeys) {
    const changes = [foreignKey.onDelete, foreignKey.onUpdate]
    if (!changes.includes('SET NULL') && foreignKey.onUpdate !== 'CASCADE') continue
    for (const check of checks) {
      const clash = columnsNamed(check.expression).find((reference) =>
        foreignKey.columns.some((position) => sameName(columns[position]?.name ?? '', reference.name)),
      )
      if (clash === undefined) continue
      throw sqlError(
        'ER_CHECK_CONSTRAINT_CLAUSE_USING_FK_REFER_ACTION_COLUMN',
        clash.name,
        check.name,
        foreignKey.name,
      )
    }
  }
}
