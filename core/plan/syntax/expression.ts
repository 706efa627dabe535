import type { SyntaxNode } from './node.js'
import type { OrderItem, QueryExpression, WindowReference } from './query.js'

/**
 * Expressions (manual, chapter 14 "Functions and Operators"). Precedence is already resolved by the shape of the
 * tree, so no node for parentheses exists. Chains of AND, OR and XOR are one flat node however long they are;
 * the depth of everything else is limited by the parser, so visitors may recurse.
 */
export type Expression =
  | Literal
  | Parameter
  | ColumnReference
  | UserVariable
  | UserVariableAssignment
  | SystemVariable
  | UnaryOperation
  | BinaryOperation
  | LogicalOperation
  | Comparison
  | QuantifiedComparison
  | IsTest
  | Like
  | RegularExpressionMatch
  | SoundsLike
  | Between
  | InList
  | InQuery
  | MemberOf
  | Exists
  | ScalarSubquery
  | RowConstructor
  | Case
  | Cast
  | ConvertUsing
  | Collate
  | DateArithmetic
  | Extract
  | TimestampAdd
  | TimestampDifference
  | GetFormat
  | Trim
  | FunctionCall
  | AggregateCall
  | WindowCall
  | CharFunction
  | WeightString
  | FullTextMatch
  | JsonExtraction
  | JsonValue
  | ColumnDefault
  | DefaultKeyword
  | InsertedValue

export type ExpressionKind = Expression['kind']

// ---- Literals -------------------------------------------------------------------------------------------------

/** `null`, `boolean`: keywords. The others are lexical literals, numbered so that a cached plan can replace them. */
export type Literal =
  NullLiteral | BooleanLiteral | NumberLiteral | StringLiteral | HexLiteral | BitLiteral | TemporalLiteral

export interface LexicalLiteral extends SyntaxNode {
  /**
   * 0-based position among all number, string, hex and bit tokens of the statement, also those that became no
   * literal node (an alias in quotes, the 10 of `CHAR(10)`). NULL, TRUE and FALSE have none.
   */
  readonly ordinal: number
}

export interface NullLiteral extends SyntaxNode {
  readonly kind: 'null'
}

export interface BooleanLiteral extends SyntaxNode {
  readonly kind: 'boolean'
  readonly value: boolean
}

/** Without sign: `-5` is a unary minus over 5. */
export interface NumberLiteral extends LexicalLiteral {
  readonly kind: 'number'
  /** `decimal` has a point and no exponent, `float` an exponent; integers may be of any length. */
  readonly class: 'integer' | 'decimal' | 'float'
  /** As written, e.g. `007`, `1.50`, `.5`, `1e-3`. */
  readonly text: string
}

export interface StringLiteral extends LexicalLiteral {
  readonly kind: 'string'
  /** Escapes resolved; one UTF-16 unit per byte, in the introducer's charset or else character_set_client's. */
  readonly bytes: string
  /** Charset of `_utf8mb4'…'` in lower case without the underscore; `utf8mb3` for N'…'. */
  readonly introducer: string | undefined
  /** Adjacent strings are one literal: the number of its tokens, whose ordinals follow each other. */
  readonly tokenCount: number
}

/** `x'…'` and `0x…`: a binary string that is an unsigned BIGINT in numeric context. */
export interface HexLiteral extends LexicalLiteral {
  readonly kind: 'hex'
  readonly bytes: string
  readonly introducer: string | undefined
}

/** `b'…'` and `0b…`. */
export interface BitLiteral extends LexicalLiteral {
  readonly kind: 'bit'
  readonly bytes: string
  readonly introducer: string | undefined
}

/** `DATE '…'`, `TIME '…'`, `TIMESTAMP '…'` and the ODBC forms `{d '…'}`, `{t '…'}`, `{ts '…'}`. */
export interface TemporalLiteral extends LexicalLiteral {
  readonly kind: 'temporal'
  readonly type: 'date' | 'time' | 'timestamp'
  readonly bytes: string
}

/** `?` of a prepared statement. */
export interface Parameter extends SyntaxNode {
  readonly kind: 'parameter'
  /** 0-based, counted apart from the literals. */
  readonly ordinal: number
}

// ---- Names ----------------------------------------------------------------------------------------------------

/** A column, a local variable of a stored program, or NEW.column and OLD.column of a trigger. */
export interface ColumnReference extends SyntaxNode {
  readonly kind: 'column'
  readonly database: string | undefined
  readonly table: string | undefined
  readonly name: string
}

/** `@name`; names compare without case. */
export interface UserVariable extends SyntaxNode {
  readonly kind: 'userVariable'
  readonly name: string
}

/** `@name := value`. */
export interface UserVariableAssignment extends SyntaxNode {
  readonly kind: 'userVariableAssignment'
  readonly name: string
  readonly value: Expression
}

export type VariableScope = 'global' | 'session' | 'persist' | 'persistOnly'

/** `@@name`, `@@global.name`, `@@session.name`; `component` is the first part of `@@component.name`. */
export interface SystemVariable extends SyntaxNode {
  readonly kind: 'systemVariable'
  readonly scope: VariableScope | undefined
  readonly component: string | undefined
  readonly name: string
}

// ---- Operators ------------------------------------------------------------------------------------------------

export interface UnaryOperation extends SyntaxNode {
  readonly kind: 'unary'
  /** `not` stands for NOT and `!`. */
  readonly operator: '-' | '+' | '~' | 'not'
  readonly operand: Expression
}

export type BinaryOperator = '+' | '-' | '*' | '/' | 'div' | '%' | '<<' | '>>' | '&' | '|' | '^'

/** Arithmetic and bits. `||` under PIPES_AS_CONCAT is a call of `concat`. */
export interface BinaryOperation extends SyntaxNode {
  readonly kind: 'binary'
  readonly operator: BinaryOperator
  readonly left: Expression
  readonly right: Expression
}

export interface LogicalOperation extends SyntaxNode {
  readonly kind: 'logical'
  readonly operator: 'and' | 'or' | 'xor'
  /** Two or more, from left to right. */
  readonly operands: readonly Expression[]
}

export type ComparisonOperator = '=' | '<=>' | '<' | '<=' | '>' | '>=' | '<>'

export interface Comparison extends SyntaxNode {
  readonly kind: 'comparison'
  readonly operator: ComparisonOperator
  readonly left: Expression
  readonly right: Expression
}

/** `left operator ANY (query)`; SOME is ANY. */
export interface QuantifiedComparison extends SyntaxNode {
  readonly kind: 'quantifiedComparison'
  readonly operator: Exclude<ComparisonOperator, '<=>'>
  readonly quantifier: 'any' | 'all'
  readonly left: Expression
  readonly query: QueryExpression
}

export interface IsTest extends SyntaxNode {
  readonly kind: 'is'
  readonly operand: Expression
  readonly test: 'null' | 'true' | 'false' | 'unknown'
  readonly negated: boolean
}

export interface Like extends SyntaxNode {
  readonly kind: 'like'
  readonly operand: Expression
  readonly pattern: Expression
  readonly escape: Expression | undefined
  readonly negated: boolean
}

/** REGEXP and RLIKE. */
export interface RegularExpressionMatch extends SyntaxNode {
  readonly kind: 'regexp'
  readonly operand: Expression
  readonly pattern: Expression
  readonly negated: boolean
}

export interface SoundsLike extends SyntaxNode {
  readonly kind: 'soundsLike'
  readonly left: Expression
  readonly right: Expression
}

export interface Between extends SyntaxNode {
  readonly kind: 'between'
  readonly operand: Expression
  readonly low: Expression
  readonly high: Expression
  readonly negated: boolean
}

export interface InList extends SyntaxNode {
  readonly kind: 'in'
  readonly operand: Expression
  readonly items: readonly Expression[]
  readonly negated: boolean
}

export interface InQuery extends SyntaxNode {
  readonly kind: 'inQuery'
  readonly operand: Expression
  readonly query: QueryExpression
  readonly negated: boolean
}

/** `operand MEMBER OF (array)`. */
export interface MemberOf extends SyntaxNode {
  readonly kind: 'memberOf'
  readonly operand: Expression
  readonly array: Expression
}

export interface Exists extends SyntaxNode {
  readonly kind: 'exists'
  readonly query: QueryExpression
}

export interface ScalarSubquery extends SyntaxNode {
  readonly kind: 'subquery'
  readonly query: QueryExpression
}

/** `(a, b)` and `ROW(a, b)`. */
export interface RowConstructor extends SyntaxNode {
  readonly kind: 'row'
  readonly items: readonly Expression[]
}

export interface CaseBranch {
  readonly when: Expression
  readonly then: Expression
}

export interface Case extends SyntaxNode {
  readonly kind: 'case'
  readonly operand: Expression | undefined
  readonly branches: readonly CaseBranch[]
  readonly otherwise: Expression | undefined
}

export interface Collate extends SyntaxNode {
  readonly kind: 'collate'
  readonly operand: Expression
  readonly collation: string
}

// ---- Casts ----------------------------------------------------------------------------------------------------

export type CastTypeName =
  | 'binary'
  | 'char'
  | 'signed'
  | 'unsigned'
  | 'date'
  | 'time'
  | 'datetime'
  | 'year'
  | 'decimal'
  | 'float'
  | 'double'
  | 'json'
  | GeometryTypeName

export type GeometryTypeName =
  | 'geometry'
  | 'point'
  | 'linestring'
  | 'polygon'
  | 'multipoint'
  | 'multilinestring'
  | 'multipolygon'
  | 'geometrycollection'

/** The type of CAST, CONVERT and RETURNING (manual, 14.10). */
export interface CastType extends SyntaxNode {
  readonly name: CastTypeName
  /** Characters, bytes, decimal precision, bits of FLOAT's precision or fractional seconds digits. */
  readonly length: number | undefined
  readonly scale: number | undefined
  /** CHAR only: CHARACTER SET; `utf8mb3` for NCHAR. */
  readonly charset: string | undefined
  /** CHAR … BINARY: the `_bin` collation of the charset. */
  readonly binaryCollation: boolean
}

/** CAST(operand AS type), CONVERT(operand, type) and BINARY operand. */
export interface Cast extends SyntaxNode {
  readonly kind: 'cast'
  readonly operand: Expression
  readonly type: CastType
  /** CAST(… AS type ARRAY), which only functional key parts may use. */
  readonly array: boolean
  /** CAST(operand AT TIME ZONE '…' AS DATETIME). */
  readonly timeZone: string | undefined
}

export interface ConvertUsing extends SyntaxNode {
  readonly kind: 'convertUsing'
  readonly operand: Expression
  readonly charset: string
}

// ---- Dates ----------------------------------------------------------------------------------------------------

export type IntervalUnit =
  | 'microsecond'
  | 'second'
  | 'minute'
  | 'hour'
  | 'day'
  | 'week'
  | 'month'
  | 'quarter'
  | 'year'
  | 'second_microsecond'
  | 'minute_microsecond'
  | 'minute_second'
  | 'hour_microsecond'
  | 'hour_second'
  | 'hour_minute'
  | 'day_microsecond'
  | 'day_second'
  | 'day_minute'
  | 'day_hour'
  | 'year_month'

/** `date ± INTERVAL amount unit`, DATE_ADD, DATE_SUB, and ADDDATE and SUBDATE in both of their forms. */
export interface DateArithmetic extends SyntaxNode {
  readonly kind: 'dateArithmetic'
  readonly operand: Expression
  readonly amount: Expression
  readonly unit: IntervalUnit
  readonly subtract: boolean
}

export interface Extract extends SyntaxNode {
  readonly kind: 'extract'
  readonly unit: IntervalUnit
  readonly operand: Expression
}

export interface TimestampAdd extends SyntaxNode {
  readonly kind: 'timestampAdd'
  readonly unit: IntervalUnit
  readonly amount: Expression
  readonly operand: Expression
}

/** TIMESTAMPDIFF(unit, from, to). */
export interface TimestampDifference extends SyntaxNode {
  readonly kind: 'timestampDifference'
  readonly unit: IntervalUnit
  readonly from: Expression
  readonly to: Expression
}

export interface GetFormat extends SyntaxNode {
  readonly kind: 'getFormat'
  readonly type: 'date' | 'time' | 'datetime'
  readonly operand: Expression
}

// ---- Functions ------------------------------------------------------------------------------------------------

/**
 * Any call with plain arguments. Functions that have a grammar of their own but plain arguments in the end arrive
 * here under their usual name in lower case: `now`, `curdate`, `curtime`, `utc_date`, `utc_time`, `utc_timestamp`,
 * `sysdate`, `current_user`, `substring` (also FROM … FOR), `locate` (POSITION), `interval`, `database`, `user`,
 * `mod`, `concat` (||) and so on.
 */
export interface FunctionCall extends SyntaxNode {
  readonly kind: 'function'
  /** Of `database.name(…)`: always a stored function. */
  readonly database: string | undefined
  /** As written: compare in lower case. */
  readonly name: string
  readonly arguments: readonly Expression[]
}

export type AggregateName =
  | 'avg'
  | 'bit_and'
  | 'bit_or'
  | 'bit_xor'
  | 'count'
  | 'group_concat'
  | 'json_arrayagg'
  | 'json_objectagg'
  | 'max'
  | 'min'
  | 'stddev_pop'
  | 'stddev_samp'
  | 'st_collect'
  | 'sum'
  | 'var_pop'
  | 'var_samp'

/** The built-in aggregates (manual, 14.19.1), under their standard names: STD and STDDEV are `stddev_pop`. */
export interface AggregateCall extends SyntaxNode {
  readonly kind: 'aggregate'
  readonly name: AggregateName
  readonly distinct: boolean
  /** Empty for COUNT(*). Several for COUNT(DISTINCT …), GROUP_CONCAT and JSON_OBJECTAGG. */
  readonly arguments: readonly Expression[]
  /** GROUP_CONCAT only. */
  readonly orderBy: readonly OrderItem[]
  /** GROUP_CONCAT only; undefined means a comma. */
  readonly separator: StringLiteral | HexLiteral | BitLiteral | undefined
}

/** `call OVER …`. */
export interface WindowCall extends SyntaxNode {
  readonly kind: 'window'
  readonly call: FunctionCall | AggregateCall
  /** NTH_VALUE … FROM LAST. */
  readonly fromLast: boolean
  /** `IGNORE NULLS` or `RESPECT NULLS` where written. */
  readonly nulls: 'ignore' | 'respect' | undefined
  readonly over: WindowReference
}

/** CHAR(n, … USING charset). */
export interface CharFunction extends SyntaxNode {
  readonly kind: 'char'
  readonly arguments: readonly Expression[]
  readonly charset: string | undefined
}

/** WEIGHT_STRING(operand AS CHAR(n)). */
export interface WeightString extends SyntaxNode {
  readonly kind: 'weightString'
  readonly operand: Expression
  readonly as: 'char' | 'binary' | undefined
  readonly length: number | undefined
}

export interface Trim extends SyntaxNode {
  readonly kind: 'trim'
  readonly side: 'both' | 'leading' | 'trailing'
  /** What to remove; undefined means a space. */
  readonly remove: Expression | undefined
  readonly operand: Expression
}

/** MATCH (columns) AGAINST (query mode). */
export interface FullTextMatch extends SyntaxNode {
  readonly kind: 'match'
  readonly columns: readonly ColumnReference[]
  readonly against: Expression
  readonly mode: 'naturalLanguage' | 'boolean'
  readonly queryExpansion: boolean
}

/** `column -> '$.path'`, and `->>` which also unquotes. */
export interface JsonExtraction extends SyntaxNode {
  readonly kind: 'jsonExtraction'
  readonly column: ColumnReference
  readonly path: StringLiteral
  readonly unquote: boolean
}

/** What JSON_VALUE and JSON_TABLE do ON EMPTY and ON ERROR. */
export type JsonOnResponse =
  | { readonly kind: 'null' }
  | { readonly kind: 'error' }
  | { readonly kind: 'default'; readonly value: Expression }

export interface JsonValue extends SyntaxNode {
  readonly kind: 'jsonValue'
  readonly document: Expression
  readonly path: StringLiteral
  readonly returning: CastType | undefined
  readonly onEmpty: JsonOnResponse | undefined
  readonly onError: JsonOnResponse | undefined
}

/** DEFAULT(column). */
export interface ColumnDefault extends SyntaxNode {
  readonly kind: 'columnDefault'
  readonly column: ColumnReference
}

/** The bare word DEFAULT as a value of INSERT, UPDATE and SET. */
export interface DefaultKeyword extends SyntaxNode {
  readonly kind: 'defaultKeyword'
}

/** VALUES(column) in ON DUPLICATE KEY UPDATE. */
export interface InsertedValue extends SyntaxNode {
  readonly kind: 'insertedValue'
  readonly column: ColumnReference
}
