/**
 * Binds query expressions: WITH, set operations, VALUES, TABLE, and ORDER BY / LIMIT over them (MySQL manual 15.2.18 and 15.2.19).
 */
import { resultTypeOf } from '../common/comparison.js'
import { sqlError } from '../common/sql-error.js'
import type { Expression, SortKey } from '../plan/expression.js'
import type { LogicalNode, OutputColumn } from '../plan/logical.js'
import type {
  Expression as Syntax,
  QueryBody,
  QueryExpression,
  SetOperation,
  ValuesBlock,
} from '../plan/syntax/index.js'
import type { Binding, BoundColumn, BoundQuery } from './binding.js'
import { plainContext } from './binding.js'
import { convertTo } from './calls.js'
import { declareCommonTables } from './common-tables.js'
import { bindLimit, countsAllRows } from './limits.js'
import { bindBlock, type BlockClauses } from './query-block.js'
import { sameName, Scope, type CommonTable, type QueryBoundary } from './scope.js'

export function bindQuery(
  binding: Binding,
  query: QueryExpression,
  boundary: QueryBoundary | undefined,
  outerTables: readonly CommonTable[],
): BoundQuery {
  const commonTables = query.with === undefined ? outerTables : declareCommonTables(query.with, outerTables)
  const clauses: BlockClauses = query
  if (query.body.kind === 'select') return bindBlock(binding, query.body, clauses, boundary, commonTables)
  return ordered(
    binding,
    bindBody(binding, query.body, boundary, commonTables),
    { ...clauses, countAll: countsAllRows(query.body) },
    boundary,
    commonTables,
  )
}

const NO_CLAUSES: BlockClauses = { orderBy: [], limit: undefined, locking: [] }

function bindBody(
  binding: Binding,
  body: QueryBody,
  boundary: QueryBoundary | undefined,
  commonTables: readonly CommonTable[],
): BoundQuery {
  switch (body.kind) {
    case 'select':
      return bindBlock(binding, body, NO_CLAUSES, boundary, commonTables)
    case 'query':
      return bindQuery(binding, body, boundary, commonTables)
    case 'setOperation':
      return bindSetOperation(binding, body, boundary, commonTables)
    case 'valuesBlock':
      return bindValuesBlock(binding, body, boundary, commonTables)
    case 'tableBlock':
      return bindBlock(
        binding,
        {
          kind: 'select',
          hints: [],
          distinct: false,
          straightJoin: false,
          calcFoundRows: false,
          modifiers: [],
          items: [
            {
              kind: 'selectWildcard',
              database: undefined,
              table: undefined,
              start: body.start,
              end: body.end,
            },
          ],
          from: [
            {
              kind: 'table',
              name: body.table,
              partitions: [],
              alias: undefined,
              indexHints: [],
              start: body.start,
              end: body.end,
            },
          ],
          where: undefined,
          groupBy: [],
          rollup: false,
          having: undefined,
          windows: [],
          start: body.start,
          end: body.end,
        },
        NO_CLAUSES,
        boundary,
        commonTables,
      )
  }
}

// ── Set operations ──────────────────────────────────────────────────────────────────────────────────────────────

function bindSetOperation(
  binding: Binding,
  syntax: SetOperation,
  boundary: QueryBoundary | undefined,
  commonTables: readonly CommonTable[],
): BoundQuery {
  const operands = syntax.operands.map((operand) => bindBody(binding, operand, boundary, commonTables))
  const first = operands[0]
  if (first === undefined) throw new Error('invariant: a set operation has operands')
  if (operands.some((operand) => operand.columns.length !== first.columns.length)) {
    throw sqlError('ER_WRONG_NUMBER_OF_COLUMNS_IN_SELECT')
  }
  const columns = first.columns.map((column, i): BoundColumn => {
    const same = operands.map((operand) => operand.columns[i] as BoundColumn)
    return {
      id: binding.newColumn(),
      name: column.name,
      type: resultTypeOf(same.map((each) => each.type)),
      nullable: same.some((each) => each.nullable),
      origin: undefined,
      coercibility: Math.min(...same.map((each) => each.coercibility)),
    }
  })
  const plan: LogicalNode = {
    kind: 'set operation',
    operation: syntax.operator,
    all: !syntax.distinct,
    inputs: operands.map((operand) => converted(binding, operand, columns)),
    output: columns,
  }
  return { plan, columns }
}

function converted(binding: Binding, query: BoundQuery, to: readonly OutputColumn[]): LogicalNode {
  return {
    kind: 'project',
    input: query.plan,
    expressions: query.columns.map((column, i) => convertTo(columnReference(column), to[i]?.type)),
    output: to.map((column) => ({ ...column, id: binding.newColumn() })),
  }
}

function columnReference(column: BoundColumn): Expression {
  return {
    kind: 'column',
    column: column.id,
    type: column.type,
    nullable: column.nullable,
    coercibility: column.coercibility,
    text: column.name,
  }
}

// ── VALUES ──────────────────────────────────────────────────────────────────────────────────────────────────────

function bindValuesBlock(
  binding: Binding,
  syntax: ValuesBlock,
  boundary: QueryBoundary | undefined,
  commonTables: readonly CommonTable[],
): BoundQuery {
  const scope = new Scope(boundary, commonTables)
  const rows = syntax.rows.map((row) =>
    row.map((each) =>
      binding.expression(each, { ...plainContext(scope, 'field list'), exactLiterals: true }),
    ),
  )
  const width = rows[0]?.length ?? 0
  rows.forEach((row, i) => {
    if (row.length !== width) throw sqlError('ER_WRONG_VALUE_COUNT_ON_ROW', i + 1)
  })
  const columns = Array.from({ length: width }, (_, i): BoundColumn => {
    const cells = rows.map((row) => row[i] as Expression)
    return {
      id: binding.newColumn(),
      name: `column_${i}`,
      type: resultTypeOf(cells.map((cell) => cell.type)),
      nullable: cells.some((cell) => cell.nullable),
      origin: undefined,
      coercibility: Math.min(...cells.map((cell) => cell.coercibility)),
    }
  })
  const plan: LogicalNode = {
    kind: 'values',
    rows: rows.map((row) => row.map((cell, i) => convertTo(cell, columns[i]?.type))),
    output: columns,
  }
  return { plan, columns }
}

// ── ORDER BY and LIMIT over a whole query expression ────────────────────────────────────────────────────────────

function ordered(
  binding: Binding,
  query: BoundQuery,
  clauses: BlockClauses,
  boundary: QueryBoundary | undefined,
  commonTables: readonly CommonTable[],
): BoundQuery {
  let { plan } = query
  if (clauses.orderBy.length > 0) {
    const scope = new Scope(boundary, commonTables)
    scope.visible = query.columns.map((column) => ({ ...column, invisible: false }))
    const keys = clauses.orderBy.map((item): SortKey => ({
      expression:
        ordinal(binding, item.expression, query.columns) ??
        binding.expression(item.expression, plainContext(scope, 'order clause')),
      descending: item.descending,
    }))
    plan = { kind: 'sort', input: plan, keys, top: undefined, output: plan.output }
  }
  return { plan: bindLimit(binding, plan, clauses.limit, clauses.countAll === true), columns: query.columns }
}

function ordinal(binding: Binding, syntax: Syntax, columns: readonly BoundColumn[]): Expression | undefined {
  if (syntax.kind === 'number' && syntax.class === 'integer') {
    binding.pin(syntax.ordinal)
    const column = columns[Number(syntax.text) - 1]
    if (column === undefined) throw sqlError('ER_BAD_FIELD_ERROR', syntax.text, 'order clause')
    return columnReference(column)
  }
  if (syntax.kind !== 'column') return undefined
  if (syntax.table !== undefined)
    throw sqlError('ER_TABLENAME_NOT_ALLOWED_HERE', syntax.table, 'SELECT', 'global ORDER clause')
  const column = columns.find((each) => sameName(each.name, syntax.name))
  return column === undefined ? undefined : columnReference(column)
}
