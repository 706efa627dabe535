import type { AccountName } from './account.js'
import type { ColumnDataType } from './data-type.js'
import type { Expression, IntervalUnit, UserVariable } from './expression.js'
import type { QualifiedName, SyntaxNode } from './node.js'
import type { LocalVariable, QueryExpression } from './query.js'
import type { Statement } from './statement.js'

/** Stored programs (manual, 15.6 and chapter 27): their DDL and the statements that only their bodies have. */
export type ProgramDefinitionStatement =
  | CreateProcedure
  | CreateFunction
  | CreateLoadableFunction
  | AlterRoutine
  | DropRoutine
  | CreateTrigger
  | DropTrigger
  | CreateEvent
  | AlterEvent
  | DropEvent

export type CompoundStatement =
  | BlockStatement
  | IfStatement
  | CaseStatement
  | LoopStatement
  | WhileStatement
  | RepeatStatement
  | LeaveStatement
  | IterateStatement
  | ReturnStatement
  | OpenCursor
  | FetchCursor
  | CloseCursor

export type ConditionStatement = SignalStatement | GetDiagnostics

export interface RoutineCharacteristics {
  readonly comment?: string
  readonly language?: string
  readonly deterministic?: boolean
  readonly dataAccess?: 'containsSql' | 'noSql' | 'readsSqlData' | 'modifiesSqlData'
  readonly security?: 'definer' | 'invoker'
}

export interface RoutineParameter extends SyntaxNode {
  /** `in` for functions. */
  readonly mode: 'in' | 'out' | 'inout'
  readonly name: string
  readonly type: ColumnDataType
}

export interface CreateProcedure extends SyntaxNode {
  readonly kind: 'createProcedure'
  readonly definer: AccountName | undefined
  readonly ifNotExists: boolean
  readonly name: QualifiedName
  readonly parameters: readonly RoutineParameter[]
  readonly characteristics: RoutineCharacteristics
  readonly body: Statement
  /** Source text of the body, decoded. */
  readonly bodyText: string
}

export interface CreateFunction extends SyntaxNode {
  readonly kind: 'createFunction'
  readonly definer: AccountName | undefined
  readonly ifNotExists: boolean
  readonly name: QualifiedName
  readonly parameters: readonly RoutineParameter[]
  readonly returns: ColumnDataType
  readonly characteristics: RoutineCharacteristics
  readonly body: Statement
  readonly bodyText: string
}

/** CREATE [AGGREGATE] FUNCTION … SONAME. */
export interface CreateLoadableFunction extends SyntaxNode {
  readonly kind: 'createLoadableFunction'
  readonly aggregate: boolean
  readonly ifNotExists: boolean
  readonly name: string
  readonly returns: 'string' | 'integer' | 'real' | 'decimal'
  readonly library: string
}

export interface AlterRoutine extends SyntaxNode {
  readonly kind: 'alterRoutine'
  readonly routine: 'procedure' | 'function'
  readonly name: QualifiedName
  readonly characteristics: RoutineCharacteristics
}

export interface DropRoutine extends SyntaxNode {
  readonly kind: 'dropRoutine'
  readonly routine: 'procedure' | 'function'
  readonly ifExists: boolean
  readonly name: QualifiedName
}

export interface CreateTrigger extends SyntaxNode {
  readonly kind: 'createTrigger'
  readonly definer: AccountName | undefined
  readonly ifNotExists: boolean
  readonly name: QualifiedName
  readonly time: 'before' | 'after'
  readonly event: 'insert' | 'update' | 'delete'
  readonly table: QualifiedName
  readonly order: { readonly place: 'follows' | 'precedes'; readonly trigger: string } | undefined
  readonly body: Statement
  readonly bodyText: string
}

export interface DropTrigger extends SyntaxNode {
  readonly kind: 'dropTrigger'
  readonly ifExists: boolean
  readonly name: QualifiedName
}

export type EventSchedule =
  | { readonly kind: 'at'; readonly time: Expression }
  | {
      readonly kind: 'every'
      readonly amount: Expression
      readonly unit: IntervalUnit
      readonly starts: Expression | undefined
      readonly ends: Expression | undefined
    }

export type EventStatus = 'enable' | 'disable' | 'disableOnReplica'

export interface CreateEvent extends SyntaxNode {
  readonly kind: 'createEvent'
  readonly definer: AccountName | undefined
  readonly ifNotExists: boolean
  readonly name: QualifiedName
  readonly schedule: EventSchedule
  /** ON COMPLETION [NOT] PRESERVE. */
  readonly preserve: boolean | undefined
  readonly status: EventStatus | undefined
  readonly comment: string | undefined
  readonly body: Statement
  readonly bodyText: string
}

export interface AlterEvent extends SyntaxNode {
  readonly kind: 'alterEvent'
  readonly definer: AccountName | undefined
  readonly name: QualifiedName
  readonly schedule: EventSchedule | undefined
  readonly preserve: boolean | undefined
  readonly renameTo: QualifiedName | undefined
  readonly status: EventStatus | undefined
  readonly comment: string | undefined
  readonly body: Statement | undefined
  readonly bodyText: string | undefined
}

export interface DropEvent extends SyntaxNode {
  readonly kind: 'dropEvent'
  readonly ifExists: boolean
  readonly name: QualifiedName
}

// ---- Bodies ---------------------------------------------------------------------------------------------------

export interface BlockStatement extends SyntaxNode {
  readonly kind: 'block'
  readonly label: string | undefined
  readonly declarations: readonly Declaration[]
  readonly statements: readonly Statement[]
}

/** In MySQL's order: variables and conditions, then cursors, then handlers. */
export type Declaration =
  | (SyntaxNode & {
      readonly kind: 'variables'
      readonly names: readonly string[]
      readonly type: ColumnDataType
      readonly default: Expression | undefined
    })
  | (SyntaxNode & { readonly kind: 'condition'; readonly name: string; readonly value: ConditionValue })
  | (SyntaxNode & { readonly kind: 'cursor'; readonly name: string; readonly query: QueryExpression })
  | (SyntaxNode & {
      readonly kind: 'handler'
      readonly action: 'continue' | 'exit' | 'undo'
      readonly conditions: readonly HandlerCondition[]
      readonly body: Statement
    })

export type ConditionValue =
  | { readonly kind: 'sqlState'; readonly sqlState: string }
  | { readonly kind: 'errorNumber'; readonly errorNumber: number }

export type HandlerCondition =
  | ConditionValue
  | { readonly kind: 'named'; readonly name: string }
  | { readonly kind: 'sqlWarning' }
  | { readonly kind: 'notFound' }
  | { readonly kind: 'sqlException' }

export interface ConditionalBranch {
  readonly condition: Expression
  readonly statements: readonly Statement[]
}

export interface IfStatement extends SyntaxNode {
  readonly kind: 'if'
  readonly branches: readonly ConditionalBranch[]
  readonly otherwise: readonly Statement[] | undefined
}

export interface CaseStatement extends SyntaxNode {
  readonly kind: 'caseStatement'
  readonly operand: Expression | undefined
  readonly branches: readonly ConditionalBranch[]
  readonly otherwise: readonly Statement[] | undefined
}

export interface LoopStatement extends SyntaxNode {
  readonly kind: 'loop'
  readonly label: string | undefined
  readonly statements: readonly Statement[]
}

export interface WhileStatement extends SyntaxNode {
  readonly kind: 'while'
  readonly label: string | undefined
  readonly condition: Expression
  readonly statements: readonly Statement[]
}

export interface RepeatStatement extends SyntaxNode {
  readonly kind: 'repeat'
  readonly label: string | undefined
  readonly statements: readonly Statement[]
  readonly until: Expression
}

export interface LeaveStatement extends SyntaxNode {
  readonly kind: 'leave'
  readonly label: string
}

export interface IterateStatement extends SyntaxNode {
  readonly kind: 'iterate'
  readonly label: string
}

export interface ReturnStatement extends SyntaxNode {
  readonly kind: 'return'
  readonly value: Expression
}

export interface OpenCursor extends SyntaxNode {
  readonly kind: 'openCursor'
  readonly cursor: string
}

export interface FetchCursor extends SyntaxNode {
  readonly kind: 'fetchCursor'
  readonly cursor: string
  readonly targets: readonly string[]
}

export interface CloseCursor extends SyntaxNode {
  readonly kind: 'closeCursor'
  readonly cursor: string
}

// ---- Conditions -----------------------------------------------------------------------------------------------

/** SIGNAL and RESIGNAL. */
export interface SignalStatement extends SyntaxNode {
  readonly kind: 'signal'
  readonly resignal: boolean
  /** Undefined only for RESIGNAL. */
  readonly condition:
    | { readonly kind: 'sqlState'; readonly sqlState: string }
    | { readonly kind: 'named'; readonly name: string }
    | undefined
  readonly items: readonly { readonly name: SignalItemName; readonly value: Expression }[]
}

export type SignalItemName =
  | 'class_origin'
  | 'subclass_origin'
  | 'constraint_catalog'
  | 'constraint_schema'
  | 'constraint_name'
  | 'catalog_name'
  | 'schema_name'
  | 'table_name'
  | 'column_name'
  | 'cursor_name'
  | 'message_text'
  | 'mysql_errno'

export interface GetDiagnostics extends SyntaxNode {
  readonly kind: 'getDiagnostics'
  readonly area: 'current' | 'stacked'
  /** Undefined reads statement information. */
  readonly condition: Expression | undefined
  readonly items: readonly {
    readonly target: UserVariable | LocalVariable
    readonly name: SignalItemName | 'returned_sqlstate' | 'number' | 'row_count'
  }[]
}
