/**
 * From syntax to a compiled plan: resolve names, bind, optimize, pick operators.
 */
import { Binder, type BindingReport } from '../binder/binder.js'
import type { BinderEnvironment } from '../binder/environment.js'
import type { BoundQuery } from '../binder/binding.js'
import { ignoresErrors } from '../binder/load.js'
import { countsAllRows } from '../binder/limits.js'
import { columnType } from '../catalog/column-type.js'
import { charsetByName } from '../common/charsets.js'
import { charsetOfCollation } from '../common/collations.js'
import type { TypedValue } from '../common/evaluation.js'
import { sqlError } from '../common/sql-error.js'
import { datetimeType, UNSIGNED_BIGINT_TYPE } from '../common/sql-type.js'
import type { ExactValue, Value } from '../common/value.js'
import { compilePlan, type PlanCompilerOptions } from '../executor/compile-plan.js'
import type { CompiledChange } from '../executor/change-result.js'
import { compileForeignChange } from '../executor/foreign-change.js'
import type { PlanMeasures } from '../executor/plan-measures.js'
import { compileDelete } from '../executor/delete.js'
import { compileInsert } from '../executor/insert.js'
import { compileUpdate } from '../executor/update.js'
import { optimizeChange, optimizeQuery } from '../optimizer/optimizer.js'
import type { OptimizerContext } from '../optimizer/context.js'
import { explainRows } from '../optimizer/explain-rows.js'
import { explainTree } from '../optimizer/explain.js'
import { requireJoinSize } from '../optimizer/join-size.js'
import { requireKeyedChange } from '../optimizer/safe-updates.js'
import type { ChangePlan, ForeignChangePlan } from '../plan/change.js'
import type { LogicalNode } from '../plan/logical.js'
import type {
  DeleteStatement,
  Expression as ExpressionSyntax,
  InsertStatement,
  LoadStatement,
  QueryBody,
  QueryExpression,
  UpdateStatement,
} from '../plan/syntax/index.js'
import type { FunctionLibrary } from '../spi/functions.js'
import { resolveNames, type FoundRelation, type NameSources } from './name-resolution.js'
import type {
  PlanDependency,
  PreparedChange,
  PreparedPlan,
  PreparedQuery,
  TablePrivilege,
} from './query-types.js'
import { resultColumn } from './result-columns.js'
import type { RunningStatement } from './running-statement.js'
import { traitsOf } from './table-usage.js'
import { requireVariable } from './variables/registry.js'
import { checkReadable } from './variables/scopes.js'

export type PlannableStatement =
  QueryExpression | InsertStatement | LoadStatement | UpdateStatement | DeleteStatement

/** What planning needs of the server. */
export interface PlannerServices {
  readonly functions: FunctionLibrary
  readonly compiler: PlanCompilerOptions
  readonly optimizer: Omit<OptimizerContext, 'newColumn' | 'parameter' | 'evaluation' | 'constantValue'>
  /** Version of all catalogs together. */
  catalogVersion(): number
  parseExpression(sql: string): ExpressionSyntax
  /** A fault of ours: to the server's log. */
  reportFault(error: unknown): void
}

export interface PlanRequest {
  readonly statement: PlannableStatement
  readonly running: RunningStatement
  readonly names: NameSources
  /** Values of `?`; undefined for a statement without parameters, whose literals may become parameters. */
  readonly parameters: readonly TypedValue[] | undefined
  /** For a statement that the plan cache may keep: the literals of its text, undefined where they are part of the key. */
  readonly literals: readonly (Value | undefined)[] | undefined
  /** Measures what the plan's operators do when it runs. */
  readonly measures?: PlanMeasures | undefined
  /** sql_select_limit, for a statement that it concerns. */
  readonly rowsMax?: ExactValue | undefined
}

export async function planStatement(request: PlanRequest, services: PlannerServices): Promise<PreparedPlan> {
  const { statement, running } = request
  const checkedVersion = services.catalogVersion()
  const resolved = await resolveNames(statement, running.session.database, request.names)
  const environment = binderEnvironment(request, services, (database, name) =>
    resolved.relation(database, name),
  )
  const binder = new Binder(environment)
  const bound =
    statement.kind === 'query'
      ? limitedTo(request.rowsMax, statement, localTimes(binder, binder.select(statement)))
      : binder.change(statement)
  if (request.parameters === undefined) running.parameters = binder.evaluation.parameters
  let nextColumn = binder.report.nextColumn
  const optimizer: OptimizerContext = {
    ...services.optimizer,
    newColumn: () => nextColumn++,
    parameter: (slot) => binder.evaluation.parameters[slot] ?? null,
    evaluation: binder.evaluation,
    constantValue: (expression) => binder.constantValue(expression),
  }
  // Optimizing may tie the plan to more values, so what it is tied to is asked last.
  const compiled =
    statement.kind === 'query'
      ? preparedQuery(request, statement, bound as BoundQuery, optimizer, services)
      : preparedChange(request, statement, bound as ChangePlan, optimizer, services)
  const { report } = binder
  return {
    ...compiled,
    dependencies: dependenciesOf(resolved.found, statement),
    cacheable: report.cacheable && resolved.found.every(isShared),
    pinned: pinnedValues(request, report, binder.evaluation.parameters),
    checkedVersion,
  }
}

/** Whether the relation is the same for every session, and its definition is kept. */
function isShared({ relation }: FoundRelation): boolean {
  return relation.kind === 'view' || (relation.kind === 'table' && !relation.table.temporary)
}

/** Values that other statements must have in common with this one to use its plan. */
function pinnedValues(
  request: PlanRequest,
  report: BindingReport,
  values: readonly Value[],
): PreparedQuery['pinned'] {
  if (request.parameters !== undefined) {
    return [...report.pinned].map((slot) => ({ slot, value: values[slot] ?? null }))
  }
  return (request.literals ?? []).flatMap((value, slot) =>
    value !== undefined && (report.pinned.has(slot) || !report.noted.has(slot)) ? [{ slot, value }] : [],
  )
}

/** What every plan has besides its compiled form. */
type PlanParts = 'dependencies' | 'cacheable' | 'pinned' | 'checkedVersion'

function preparedQuery(
  { running: { session }, measures }: PlanRequest,
  statement: QueryExpression,
  bound: BoundQuery,
  optimizer: OptimizerContext,
  services: PlannerServices,
): Omit<PreparedQuery, PlanParts> {
  const plan = optimizeQuery(bound.plan, optimizer)
  if (session.systemVariable('sql_big_selects', 'session') !== 1) {
    requireJoinSize(plan, Number(session.systemVariable('max_join_size', 'session')))
  }
  return {
    kind: 'query',
    traits: traitsOf(plan),
    plan: compilePlan(
      plan,
      measures === undefined ? services.compiler : { ...services.compiler, observe: measures.observe },
    ),
    columns: bound.columns.map(resultColumn),
    locks: statement.locking.length > 0,
    countsAllRows: countsAllRows(statement.body),
    executionMsMax: executionMsMax(statement.body),
    explain: () => explainTree(plan, (node) => measures?.textOf(node)),
    explainRows: () => explainRows(plan),
  }
}

/** The hint MAX_EXECUTION_TIME in the first SELECT of a statement (MySQL manual 10.9.3); 0 without one. */
function executionMsMax(body: QueryBody): number {
  switch (body.kind) {
    case 'select': {
      const hint = body.hints.find(({ name }) => name === 'max_execution_time')
      const limit = /^\s*(\d+)\s*$/.exec(hint?.arguments ?? '')
      return Number(limit?.[1] ?? 0)
    }
    case 'setOperation':
      return body.operands[0] === undefined ? 0 : executionMsMax(body.operands[0])
    case 'query':
      return executionMsMax(body.body)
    default:
      return 0
  }
}

function preparedChange(
  { running }: PlanRequest,
  statement: Exclude<PlannableStatement, QueryExpression>,
  bound: ChangePlan,
  optimizer: OptimizerContext,
  services: PlannerServices,
): Omit<PreparedChange, PlanParts> {
  const plan = optimizeChange(bound, optimizer)
  if (running.session.systemVariable('sql_safe_updates', 'session') === 1) requireKeyedChange(plan)
  const input = explainedInput(plan)
  return {
    kind: 'change',
    traits: traitsOf(input),
    statement: statement.kind,
    ignore: isLenient(statement),
    change: compileChange(plan, services.compiler),
    explain: () => explainTree(input),
    explainRows: () => explainRows(input),
  }
}

/** Whether errors that concern one row are warnings. */
export function isLenient(statement: Exclude<PlannableStatement, QueryExpression>): boolean {
  return statement.kind === 'load' ? ignoresErrors(statement) : statement.ignore
}

/** The part that EXPLAIN shows. */
function explainedInput(plan: ChangePlan | ForeignChangePlan): LogicalNode {
  switch (plan.kind) {
    case 'insert':
      return plan.source
    case 'foreign change': {
      const root = explainedInput(plan.change)
      return { kind: 'fragment', storage: plan.storage, root, text: plan.text, output: root.output }
    }
    default:
      return plan.input
  }
}

function compileChange(plan: ChangePlan | ForeignChangePlan, options: PlanCompilerOptions): CompiledChange {
  switch (plan.kind) {
    case 'foreign change':
      return compileForeignChange(plan, () => compileChange(plan.here, options))
    case 'insert':
      return compileInsert(plan, options)
    case 'update':
      return compileUpdate(plan, options)
    case 'delete':
      return compileDelete(plan, options)
  }
}

/** sql_select_limit: every SELECT statement without a LIMIT of its own has this one (MySQL manual 7.1.8). */
function limitedTo(
  rowsMax: ExactValue | undefined,
  statement: QueryExpression,
  { plan, columns }: BoundQuery,
): BoundQuery {
  if (rowsMax === undefined || statement.limit !== undefined) return { plan, columns }
  const count = {
    kind: 'constant',
    type: UNSIGNED_BIGINT_TYPE,
    value: rowsMax,
    nullable: false,
    coercibility: 5,
    text: String(rowsMax),
  } as const
  const limited: LogicalNode = {
    kind: 'limit',
    input: plan,
    count,
    offset: undefined,
    countAll: false,
    output: plan.output,
  }
  return { plan: limited, columns }
}

/** TIMESTAMPs are kept in UTC; clients get them in the session's time zone. */
function localTimes(binder: Binder, bound: BoundQuery): BoundQuery {
  if (!bound.columns.some((column) => column.type.name === 'timestamp')) return bound
  const columns = bound.columns.map((column) => ({ ...column, id: binder.newColumn() }))
  const plan: LogicalNode = {
    kind: 'project',
    input: bound.plan,
    expressions: bound.columns.map((column) => {
      const operand = {
        kind: 'column',
        column: column.id,
        type: column.type,
        nullable: column.nullable,
        coercibility: column.coercibility,
        text: column.name,
      } as const
      if (column.type.name !== 'timestamp') return operand
      return { ...operand, kind: 'convert', operand, type: datetimeType(column.type.scale) } as const
    }),
    output: columns.map((column) =>
      column.type.name === 'timestamp' ? { ...column, type: datetimeType(column.type.scale) } : column,
    ),
  }
  return { plan, columns }
}

const PRIVILEGES = {
  query: 'SELECT',
  insert: 'INSERT',
  load: 'INSERT',
  update: 'UPDATE',
  delete: 'DELETE',
} as const

/** The statement's own privilege for its target, SELECT for everything else that it reads. */
function dependenciesOf(
  found: readonly FoundRelation[],
  statement: PlannableStatement,
): readonly PlanDependency[] {
  return found.flatMap(({ relation, through }, i): readonly PlanDependency[] => {
    if (relation.kind === 'virtual') return []
    const definition = relation.kind === 'table' ? relation.table : relation.view
    const isTarget =
      statement.kind === 'insert' || statement.kind === 'load' ? i === 0 : statement.kind !== 'query'
    const privilege: TablePrivilege = isTarget ? PRIVILEGES[statement.kind] : 'SELECT'
    return [
      {
        database: definition.database,
        name: definition.name,
        id: definition.id,
        version: definition.version,
        privilege,
        isTemporary: relation.kind === 'table' && relation.table.temporary,
        through,
      },
    ]
  })
}

/** The binder's surroundings for a statement; also used for SET, DO and DDL expressions. */
export function binderEnvironment(
  request: Pick<PlanRequest, 'running' | 'parameters'>,
  services: Pick<PlannerServices, 'functions' | 'parseExpression'>,
  relation: BinderEnvironment['relation'],
): BinderEnvironment {
  const { running, parameters } = request
  const { session } = running
  const values: Value[] | undefined = parameters?.map((parameter) => parameter.value)
  if (values !== undefined) running.parameters = values
  return {
    sqlMode: session.sqlMode,
    connectionCollation: session.connectionCollation,
    database: session.database,
    divPrecisionIncrement: session.divPrecisionIncrement,
    userVariable: (name) => session.getUserVariable(name),
    functions: services.functions,
    clientCharset: session.clientCharset,
    parameters: parameters ?? [],
    parameterizeLiterals: parameters === undefined,
    evaluation: running,
    relation,
    systemVariableType: (name, scope) => {
      const variable = requireVariable(name)
      checkReadable(variable, scope)
      return variable.type
    },
    columnType: (declared, name) =>
      columnType(declared, name, session.connectionCollation, {
        isStrict: true,
        // Old ways to write a type are no concern of a query.
        warn: () => undefined,
      }),
    parseExpression: (sql) => services.parseExpression(sql),
    decode: decodeLiteral,
    defaultCollation: (charset) => {
      const found = charsetByName(charset)
      if (found === undefined) throw sqlError('ER_UNKNOWN_CHARACTER_SET', charset)
      return found.defaultCollation
    },
    charsetOf: (collation) => charsetOfCollation(collation).name,
    warn: (level, code, ...args) => {
      running.warn(level, code, ...args)
    },
  }
}

/** Text of a literal's bytes; undefined if they are malformed in the character set. */
export function decodeLiteral(bytes: string, charset: string): string | undefined {
  if (isAscii(bytes)) return bytes
  const found = charsetByName(charset)
  if (found === undefined) throw sqlError('ER_UNKNOWN_CHARACTER_SET', charset)
  const buffer = Buffer.from(bytes, 'latin1')
  return found.firstInvalid(buffer) >= 0 ? undefined : found.decode(buffer)
}

function isAscii(bytes: string): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes.charCodeAt(i) >= 0x80) return false
  return true
}
