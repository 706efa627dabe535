/**
 * The binder: from syntax to plans. `bindStatementQuery`, `bindInsert` … each make one pass with its own column ids, and report which
 * literals the plan is tied to.
 */
import type { EvaluationContext } from '../common/evaluation.js'
import type { Value } from '../common/value.js'
import type { ChangePlan } from '../plan/change.js'
import type { ColumnId, Expression } from '../plan/expression.js'
import type {
  DeleteStatement,
  Expression as ExpressionSyntax,
  InsertStatement,
  LoadStatement,
  QueryExpression,
  UpdateStatement,
} from '../plan/syntax/index.js'
import type { Binding, BoundQuery, ExpressionContext } from './binding.js'
import { plainContext } from './binding.js'
import type { BinderEnvironment } from './environment.js'
import { constantValue } from './constants.js'
import { bindExpression } from './expressions.js'
import { bindInsert } from './insert.js'
import { bindLoad } from './load.js'
import { bindQuery } from './queries.js'
import { Scope, type CommonTable, type QueryBoundary, type ScopeRelation } from './scope.js'
import { bindDelete, bindUpdate } from './update-delete.js'

const DEFAULT_COLLATION = 'utf8mb4_0900_ai_ci'

/** What a pass found out besides the plan. */
export interface BindingReport {
  /** Slots of parameters and literals whose values the plan depends on. */
  readonly pinned: ReadonlySet<number>
  /** Slots of the literals that became parameters or constants; others decided the syntax. */
  readonly noted: ReadonlySet<number>
  readonly cacheable: boolean
  /** Ids from here on are free: the optimizer goes on counting. */
  readonly nextColumn: ColumnId
}

export class Binder implements Binding {
  private columns = 0
  private shares = 0
  private readonly pins = new Set<number>()
  private readonly literals: Value[] = []
  private readonly noted = new Set<number>()
  private cacheable = true
  readonly evaluation: EvaluationContext

  constructor(readonly environment: BinderEnvironment) {
    this.evaluation = environment.parameterizeLiterals
      ? Object.assign(Object.create(environment.evaluation) as EvaluationContext, {
          parameters: this.literals,
        })
      : environment.evaluation
  }

  newColumn(): ColumnId {
    return this.columns++
  }

  newShareId(): number {
    return this.shares++
  }

  pin(slot: number): void {
    this.pins.add(slot)
  }

  noteLiteral(slot: number, value: Value): void {
    this.literals[slot] = value
    this.noted.add(slot)
  }

  forbidCaching(): void {
    this.cacheable = false
  }

  forStoredText(collation = DEFAULT_COLLATION): Binding {
    return new StoredTextBinding(this, collation)
  }

  expression(syntax: ExpressionSyntax, context: ExpressionContext): Expression {
    return bindExpression(this, syntax, context)
  }

  query(
    syntax: QueryExpression,
    boundary: QueryBoundary | undefined,
    commonTables: readonly CommonTable[],
  ): BoundQuery {
    return bindQuery(this, syntax, boundary, commonTables)
  }

  /** A whole SELECT. */
  select(syntax: QueryExpression): BoundQuery {
    return bindQuery(this, syntax, undefined, [])
  }

  change(syntax: InsertStatement | LoadStatement | UpdateStatement | DeleteStatement): ChangePlan {
    switch (syntax.kind) {
      case 'insert':
        return bindInsert(this, syntax)
      case 'load':
        return bindLoad(this, syntax)
      case 'update':
        return bindUpdate(this, syntax)
      case 'delete':
        return bindDelete(this, syntax)
    }
  }

  /** An expression outside any query: SET, DO, LIMIT of SHOW. With a relation it may name that relation's columns. */
  standalone(syntax: ExpressionSyntax, clause: string, relation?: ScopeRelation): Expression {
    const scope = new Scope(undefined, [])
    if (relation !== undefined) {
      scope.add(relation)
      scope.visible = [...relation.columns]
    }
    return bindExpression(this, syntax, { ...plainContext(scope, clause), exactLiterals: true })
  }

  /** The value of a constant expression, tying the plan to it; undefined if it differs between executions. */
  constantValue(expression: Expression): { readonly value: Value } | undefined {
    return constantValue(this, expression)
  }

  get report(): BindingReport {
    return { pinned: this.pins, noted: this.noted, cacheable: this.cacheable, nextColumn: this.columns }
  }
}

/** Binds stored texts within another pass: columns are counted there, literals are constants. */
class StoredTextBinding implements Binding {
  readonly environment: BinderEnvironment
  readonly evaluation: EvaluationContext

  constructor(
    private readonly statement: Binding,
    collation: string,
  ) {
    this.evaluation = statement.evaluation
    this.environment = Object.create(statement.environment, {
      parameterizeLiterals: { value: false },
      clientCharset: { value: 'utf8mb4' },
      connectionCollation: { value: collation },
    }) as BinderEnvironment
  }

  newColumn(): ColumnId {
    return this.statement.newColumn()
  }

  newShareId(): number {
    return this.statement.newShareId()
  }

  /** Slots in the text are not those of the statement. */
  pin(): void {
    return undefined
  }

  noteLiteral(): void {
    return undefined
  }

  forbidCaching(): void {
    this.statement.forbidCaching()
  }

  forStoredText(collation = DEFAULT_COLLATION): Binding {
    return new StoredTextBinding(this.statement, collation)
  }

  expression(syntax: ExpressionSyntax, context: ExpressionContext): Expression {
    return bindExpression(this, syntax, context)
  }

  query(
    syntax: QueryExpression,
    boundary: QueryBoundary | undefined,
    commonTables: readonly CommonTable[],
  ): BoundQuery {
    return bindQuery(this, syntax, boundary, commonTables)
  }
}
