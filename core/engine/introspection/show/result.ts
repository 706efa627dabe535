/**
 * Results of SHOW: the rows of a listing that its LIKE or WHERE keeps (MySQL manual 28.8 "Extensions to SHOW Statements").
 */
import { visitSyntax } from '../../../catalog/syntax-walk.js'
import { Batch } from '../../../common/batch.js'
import { charsetByName } from '../../../common/charsets.js'
import { requireCollation } from '../../../common/collations.js'
import { compileConversion, textOf } from '../../../common/conversion.js'
import { sqlError } from '../../../common/sql-error.js'
import { DOUBLE_TYPE, isText } from '../../../common/sql-type.js'
import type { Value } from '../../../common/value.js'
import { compileExpression } from '../../../functions/compile-expression.js'
import type { Expression, ShowFilter, StringLiteral } from '../../../plan/syntax/index.js'
import type { RunningStatement } from '../../running-statement.js'
import { plainColumn } from '../../result-columns.js'
import type { PlainResult } from '../../server-core.js'
import type { EngineSession } from '../../session.js'
import { rowsOf, type Listing, type ListingColumn, type ListingRequest } from '../listing.js'

export const NO_FILTER: ShowFilter = { like: undefined, where: undefined }

type Row = readonly Value[]
type Column = Pick<ListingColumn<never>, 'name' | 'type' | 'nullable'>

/** Runs the listing's walk and filters its rows; LIKE looks at the first column. */
export async function showListing<T>(
  listing: Listing<T>,
  request: ListingRequest,
  running: RunningStatement,
  filter: ShowFilter = NO_FILTER,
): Promise<PlainResult> {
  const rows = await rowsOf(listing, request)
  const { columns } = listing
  return {
    columns: columns.map(({ name, type, nullable }) => plainColumn(name, type, nullable)),
    rows: filtered(rows, columns, filter, request.session, running),
  }
}

/** What a listing of things at hand shows. */
export function showRows<T>(
  columns: readonly ListingColumn<T>[],
  rows: readonly T[],
  request: ListingRequest,
  running: RunningStatement,
  filter: ShowFilter = NO_FILTER,
): Promise<PlainResult> {
  return showListing(
    {
      columns,
      walk: (_request, emit) => {
        rows.forEach(emit)
      },
    },
    request,
    running,
    filter,
  )
}

function filtered(
  rows: readonly Row[],
  columns: readonly Column[],
  { like, where }: ShowFilter,
  session: EngineSession,
  running: RunningStatement,
): readonly Row[] {
  if (like !== undefined) {
    const matches = likeMatcher(patternText(like, session), columns)
    return rows.filter(([first = null]) => first !== null && matches(first))
  }
  return where === undefined ? rows : rowsWhere(rows, columns, where, session, running)
}

function likeMatcher(pattern: string, columns: readonly Column[]): (value: Value) => boolean {
  const [first] = columns
  if (first === undefined) throw new Error('invariant: a result of SHOW has columns')
  const { type } = first
  const collation = requireCollation(isText(type) ? type.collation : 'utf8mb3_general_ci')
  const { matches } = collation.likePattern(pattern, '\\')
  const toText = textOf(type)
  return (value) => matches(toText(value))
}

/** The pattern of LIKE, whose bytes are in its introducer's character set or the client's. */
export function patternText({ bytes, introducer }: StringLiteral, session: EngineSession): string {
  const charset = charsetByName(introducer ?? session.clientCharset)
  if (charset === undefined) throw sqlError('ER_UNKNOWN_CHARACTER_SET', introducer ?? session.clientCharset)
  return charset.decode(Buffer.from(bytes, 'latin1'))
}

function rowsWhere(
  rows: readonly Row[],
  columns: readonly Column[],
  where: Expression,
  session: EngineSession,
  running: RunningStatement,
): readonly Row[] {
  refuseSubqueries(where)
  const binder = session.plans.newBinder(running, [])
  const scope = columns.map(({ name, type, nullable }) => ({
    id: binder.newColumn(),
    name,
    type,
    nullable,
    origin: undefined,
    invisible: false,
  }))
  const condition = binder.standalone(where, 'where clause', {
    alias: '',
    database: undefined,
    columns: scope,
  })
  const evaluate = compileExpression(condition, {
    columns: new Map(scope.map(({ id }, i) => [id, i] as const)),
    correlated: new Map(),
    subquery: undefined,
  })
  const toNumber = compileConversion(condition.type, DOUBLE_TYPE)
  const batch = Batch.ofTypes(columns.map((column) => column.type))
  for (const row of rows) batch.pushRow(row)
  return rows.filter((_row, i) => {
    const value = evaluate(batch, i, running)
    const number = value === null ? null : toNumber(value, running)
    return number !== null && number !== 0
  })
}

function refuseSubqueries(where: Expression): void {
  visitSyntax(where, (node) => {
    if (node.kind === 'query') throw sqlError('ER_NOT_SUPPORTED_YET', 'sub-queries in SHOW … WHERE')
  })
}
