/**
 * Binds expressions: syntax to typed, name-free trees.
 */
import { byteLengthMax } from '../common/byte-length.js'
import { sqlError } from '../common/sql-error.js'
import {
  BIGINT_TYPE,
  binaryType,
  DECIMAL_PRECISION_MAX,
  decimalType,
  isInteger,
  isNumeric,
  isString,
  isText,
  JSON_TYPE,
  textType,
  type SqlType,
} from '../common/sql-type.js'
import { textLengthMax } from '../common/value-text.js'
import type { Expression } from '../plan/expression.js'
import { WAITING_CALLS } from '../plan/waiting-calls.js'
import type {
  ColumnReference,
  Comparison,
  Expression as Syntax,
  FunctionCall,
  JsonOnResponse,
  WeightString,
} from '../plan/syntax/index.js'
import { bindAggregate, bindGrouping, bindWindowCall } from './aggregate-calls.js'
import { bindBenchmark } from './benchmark.js'
import type { Binding, ExpressionContext } from './binding.js'
import { bindCall, convertTo, unknownFunction } from './calls.js'
import { castType, castTypeText } from './cast-types.js'
import { defaultOfColumn } from './column-defaults.js'
import { bindLiteral, constant, NULL_CONSTANT, numericForm } from './literals.js'
import { columnExpression, type Scope } from './scope.js'
import { bindWaitingCall } from './waiting-calls.js'
import { bindExists, bindInQuery, bindQuantified, bindScalarSubquery } from './subqueries.js'
import { bindAssignment, bindSystemVariable, bindUserVariable } from './variables.js'

export function bindExpression(binding: Binding, syntax: Syntax, context: ExpressionContext): Expression {
  const bind = (node: Syntax) => binding.expression(node, context)
  const call = (name: string, ...nodes: readonly Syntax[]) => bindCall(binding, name, nodes.map(bind))
  switch (syntax.kind) {
    case 'null':
    case 'boolean':
    case 'number':
    case 'string':
    case 'hex':
    case 'bit':
    case 'temporal':
      return bindLiteral(binding, syntax, context.exactLiterals)
    case 'parameter':
      return bindParameter(binding, syntax.ordinal)
    case 'column':
      return bindColumn(syntax, context)
    case 'userVariable':
      return context.userVariable?.(syntax.name) ?? bindUserVariable(binding, syntax.name)
    case 'userVariableAssignment':
      return bindAssignment(syntax.name, bind(syntax.value))
    case 'systemVariable':
      return bindSystemVariable(binding, syntax)
    case 'unary':
      if (syntax.operator === '+') return bind(syntax.operand)
      if (syntax.operator === '-') return bindCall(binding, 'unary -', [numericOperand(syntax.operand, bind)])
      if (syntax.operator === '~') return bindCall(binding, '~', [bind(syntax.operand)])
      return call('not', syntax.operand)
    case 'binary':
      return bindCall(binding, syntax.operator, [
        numericOperand(syntax.left, bind, isBitOperator(syntax.operator)),
        numericOperand(syntax.right, bind, isBitOperator(syntax.operator)),
      ])
    case 'logical':
      return call(syntax.operator, ...syntax.operands)
    case 'comparison':
      return bindComparison(binding, syntax, context)
    case 'quantifiedComparison':
      return bindQuantified(binding, syntax, context)
    case 'is': {
      const test = syntax.test === 'unknown' ? 'null' : syntax.test
      return negate(binding, call(`is ${test}`, syntax.operand), syntax.negated)
    }
    case 'like': {
      const args =
        syntax.escape === undefined
          ? [syntax.operand, syntax.pattern]
          : [syntax.operand, syntax.pattern, syntax.escape]
      return negate(binding, call('like', ...args), syntax.negated)
    }
    case 'regexp':
      return negate(binding, call('regexp', syntax.operand, syntax.pattern), syntax.negated)
    case 'soundsLike':
      return bindCall(binding, '=', [call('soundex', syntax.left), call('soundex', syntax.right)])
    case 'between':
      return negate(
        binding,
        bindBetween(binding, syntax.operand, syntax.low, syntax.high, bind),
        syntax.negated,
      )
    case 'in':
      return negate(binding, bindIn(binding, syntax.operand, syntax.items, context), syntax.negated)
    case 'inQuery':
      return negate(binding, bindInQuery(binding, syntax, context), syntax.negated)
    case 'memberOf':
      return call('member of', syntax.operand, syntax.array)
    case 'exists':
      return bindExists(binding, syntax, context)
    case 'subquery':
      return bindScalarSubquery(binding, syntax.query, context)
    case 'row':
      throw sqlError('ER_OPERAND_COLUMNS', 1)
    case 'case':
      return bindCase(binding, syntax.operand, syntax.branches, syntax.otherwise, bind)
    case 'cast':
      return bindCast(binding, bind(syntax.operand), castType(binding, syntax.type), syntax.array)
    case 'convertUsing':
      return bindConvertUsing(binding, bind(syntax.operand), syntax.charset)
    case 'collate':
      return bindCollate(binding, bind(syntax.operand), syntax.collation)
    case 'dateArithmetic':
      return bindCall(binding, syntax.subtract ? 'date_sub' : 'date_add', [
        bind(syntax.operand),
        bind(syntax.amount),
        word(syntax.unit),
      ])
    case 'extract':
      return bindCall(binding, 'extract', [word(syntax.unit), bind(syntax.operand)])
    case 'timestampAdd':
      return bindCall(binding, 'timestampadd', [word(syntax.unit), bind(syntax.amount), bind(syntax.operand)])
    case 'timestampDifference':
      return bindCall(binding, 'timestampdiff', [word(syntax.unit), bind(syntax.from), bind(syntax.to)])
    case 'getFormat':
      return bindCall(binding, 'get_format', [word(syntax.type), bind(syntax.operand)])
    case 'trim':
      return bindTrim(binding, syntax, bind)
    case 'function':
      return bindFunction(binding, syntax, context)
    case 'aggregate':
      return bindAggregate(binding, syntax, context)
    case 'window':
      return bindWindowCall(binding, syntax, context)
    case 'char':
      return bindCall(binding, 'char', [...syntax.arguments.map(bind), word(syntax.charset ?? 'binary')])
    case 'weightString':
      return bindWeightString(binding, syntax, bind)
    case 'match':
      throw sqlError('ER_NOT_SUPPORTED_YET', 'MATCH … AGAINST')
    case 'jsonExtraction':
      return call(syntax.unquote ? '->>' : '->', syntax.column, syntax.path)
    case 'jsonValue':
      return bindJsonValue(binding, syntax, bind)
    case 'columnDefault': {
      if (context.defaultOf === undefined) return defaultOfColumn(binding, syntax.column, context)
      const value = context.defaultOf(syntax.column.name)
      if (value === undefined) throw sqlError('ER_NO_DEFAULT_FOR_FIELD', syntax.column.name)
      return value
    }
    case 'defaultKeyword':
      throw sqlError('ER_WRONG_USAGE', 'DEFAULT', 'expression')
    case 'insertedValue': {
      const value = context.insertedColumn?.(syntax.column.name)
      // Outside ON DUPLICATE KEY UPDATE, VALUES(c) is NULL.
      return value ?? bindLiteral(binding, { kind: 'null', start: syntax.start, end: syntax.end })
    }
  }
}

/** A keyword that a function takes as a constant string. */
function word(text: string): Expression {
  return constant(textType(text.length, 'utf8mb4_0900_ai_ci'), text, text, 4)
}

function isBitOperator(operator: string): boolean {
  return operator === '&' || operator === '|' || operator === '^' || operator === '<<' || operator === '>>'
}

/** Hex and bit literals are numbers in numeric context; bit operators decide themselves. */
function numericOperand(syntax: Syntax, bind: (node: Syntax) => Expression, keepBytes = false): Expression {
  const operand = bind(syntax)
  return keepBytes ? operand : numericForm(operand)
}

function bindParameter(binding: Binding, ordinal: number): Expression {
  const parameter = binding.environment.parameters[ordinal]
  if (parameter === undefined) throw sqlError('ER_WRONG_ARGUMENTS', 'EXECUTE')
  return {
    kind: 'parameter',
    slot: ordinal,
    type: anyLength(parameter.type),
    nullable: true,
    coercibility: isString(parameter.type) ? 4 : 5,
    text: '?',
  }
}

/** Plans serve parameters of every length, save for those of types that hold long strings. */
function anyLength(type: SqlType): SqlType {
  if (isInteger(type)) return { ...BIGINT_TYPE, unsigned: type.unsigned }
  if (type.name === 'decimal') return decimalType(DECIMAL_PRECISION_MAX, type.scale, type.unsigned)
  if (type.name === 'varchar' || type.name === 'char') return textType(VARCHAR_LENGTH_MAX, type.collation)
  if (type.name === 'varbinary' || type.name === 'binary') return binaryType(VARBINARY_LENGTH_MAX)
  return type
}

/** Characters of four bytes, and bytes, that fit into a row. */
const VARCHAR_LENGTH_MAX = 16383
const VARBINARY_LENGTH_MAX = 65535

// ── Columns ─────────────────────────────────────────────────────────────────────────────────────────────────────

function bindColumn(syntax: ColumnReference, context: ExpressionContext): Expression {
  if (syntax.table === undefined && context.alias !== undefined && context.aliasOrder === 'before') {
    const aliased = context.alias(syntax.name)
    if (aliased !== undefined) return aliased
  }
  const local = context.scope.findLocal(syntax.database, syntax.table, syntax.name, context.clause)
  if (local !== undefined) return columnExpression(local)
  if (syntax.table === undefined && context.alias !== undefined && context.aliasOrder === 'after') {
    const aliased = context.alias(syntax.name)
    if (aliased !== undefined) return aliased
  }
  const outer = findOuter(syntax, context.scope, context.clause)
  if (outer !== undefined) return outer
  const { relations, boundary } = context.scope
  if (syntax.table !== undefined && relations.length === 0 && boundary === undefined) {
    throw sqlError('ER_UNKNOWN_TABLE', syntax.table, context.clause)
  }
  throw sqlError('ER_BAD_FIELD_ERROR', spelled(syntax), context.clause)
}

/** The column in an enclosing query, handed down through every sub-query on the way. */
function findOuter(syntax: ColumnReference, scope: Scope, clause: string): Expression | undefined {
  const boundary = scope.boundary
  if (boundary === undefined) return undefined
  const found = boundary.outer.findLocal(syntax.database, syntax.table, syntax.name, clause)
  const outer = found === undefined ? findOuter(syntax, boundary.outer, clause) : columnExpression(found)
  return outer === undefined ? undefined : boundary.correlate(outer)
}

function spelled(syntax: ColumnReference): string {
  return [syntax.database, syntax.table, syntax.name].filter((part) => part !== undefined).join('.')
}

// ── Comparisons ─────────────────────────────────────────────────────────────────────────────────────────────────

export function negate(binding: Binding, expression: Expression, negated: boolean): Expression {
  return negated ? bindCall(binding, 'not', [expression]) : expression
}

function bindComparison(binding: Binding, syntax: Comparison, context: ExpressionContext): Expression {
  const { left, right, operator } = syntax
  if (left.kind === 'row' || right.kind === 'row') {
    const members = rowMembers(left) ?? rowMembers(right) ?? []
    return compareRows(
      binding,
      operator,
      membersOf(binding, left, members.length, context),
      membersOf(binding, right, members.length, context),
      context,
    )
  }
  const bind = (node: Syntax) => binding.expression(node, context)
  return compare(binding, operator, left, right, bind)
}

function compare(
  binding: Binding,
  operator: string,
  left: Syntax,
  right: Syntax,
  bind: (node: Syntax) => Expression,
): Expression {
  return compareBound(binding, operator, bind(left), bind(right))
}

function compareBound(binding: Binding, operator: string, left: Expression, right: Expression): Expression {
  const a = isNumeric(right.type) ? numericForm(left) : left
  const b = isNumeric(left.type) ? numericForm(right) : right
  return bindCall(binding, operator, [a, b])
}

function rowMembers(syntax: Syntax): readonly Syntax[] | undefined {
  return syntax.kind === 'row' ? syntax.items : undefined
}

/** The members of a row, each bound by its place: those of a row constructor or the columns of a sub-query. */
interface RowMembers {
  readonly count: number
  /** The member's syntax, unless it is a sub-query's column. */
  readonly syntax: (i: number) => Syntax | undefined
  readonly bind: (i: number) => Expression
}

function membersOf(binding: Binding, syntax: Syntax, count: number, context: ExpressionContext): RowMembers {
  if (syntax.kind === 'subquery') {
    return {
      count,
      syntax: () => undefined,
      bind: (i) => bindScalarSubquery(binding, syntax.query, context, i, count),
    }
  }
  const items = rowMembers(syntax)
  if (items?.length !== count) throw sqlError('ER_OPERAND_COLUMNS', count)
  return { count, syntax: (i) => items[i], bind: (i) => binding.expression(items[i] as Syntax, context) }
}

/** Row comparisons mean what their expansion over the members means (MySQL manual 14.4.2). */
function compareRows(
  binding: Binding,
  operator: Comparison['operator'],
  left: RowMembers,
  right: RowMembers,
  context: ExpressionContext,
): Expression {
  const one = (name: string, i: number): Expression => {
    const a = left.syntax(i)
    const b = right.syntax(i)
    if (a !== undefined && b !== undefined && (a.kind === 'row' || b.kind === 'row')) {
      return bindComparison(
        binding,
        {
          kind: 'comparison',
          operator: name as Comparison['operator'],
          left: a,
          right: b,
          start: a.start,
          end: b.end,
        },
        context,
      )
    }
    return compareBound(binding, name, left.bind(i), right.bind(i))
  }
  const places = Array.from({ length: left.count }, (_, i) => i)
  if (operator === '=' || operator === '<=>')
    return conjunction(
      binding,
      places.map((i) => one(operator, i)),
    )
  if (operator === '<>')
    return negate(
      binding,
      conjunction(
        binding,
        places.map((i) => one('=', i)),
      ),
      true,
    )
  const strict = operator === '<' || operator === '<=' ? '<' : '>'
  const last = left.count - 1
  let result = one(operator, last)
  for (let i = last - 1; i >= 0; i--) {
    result = bindCall(binding, 'or', [one(strict, i), bindCall(binding, 'and', [one('=', i), result])])
  }
  return result
}

export function conjunction(binding: Binding, conditions: readonly Expression[]): Expression {
  return conditions.length === 1 ? (conditions[0] as Expression) : bindCall(binding, 'and', conditions)
}

function bindBetween(
  binding: Binding,
  operand: Syntax,
  low: Syntax,
  high: Syntax,
  bind: (node: Syntax) => Expression,
): Expression {
  const value = bind(operand)
  const bound = (syntax: Syntax) => (isNumeric(value.type) ? numericForm(bind(syntax)) : bind(syntax))
  return bindCall(binding, 'between', [value, bound(low), bound(high)])
}

function bindIn(
  binding: Binding,
  operand: Syntax,
  items: readonly Syntax[],
  context: ExpressionContext,
): Expression {
  if (operand.kind === 'row') {
    const count = operand.items.length
    const members = membersOf(binding, operand, count, context)
    const rows = items.map((item) =>
      compareRows(binding, '=', members, membersOf(binding, item, count, context), context),
    )
    return rows.length === 1 ? (rows[0] as Expression) : bindCall(binding, 'or', rows)
  }
  const value = binding.expression(operand, context)
  const bound = items.map((item) => {
    const each = binding.expression(item, context)
    return isNumeric(value.type) ? numericForm(each) : each
  })
  return bindCall(binding, 'in', [value, ...bound])
}

function bindCase(
  binding: Binding,
  operand: Syntax | undefined,
  branches: readonly { readonly when: Syntax; readonly then: Syntax }[],
  otherwise: Syntax | undefined,
  bind: (node: Syntax) => Expression,
): Expression {
  const args: Expression[] = []
  for (const branch of branches) {
    args.push(
      operand === undefined ? bind(branch.when) : compare(binding, '=', operand, branch.when, bind),
      bind(branch.then),
    )
  }
  if (otherwise !== undefined) args.push(bind(otherwise))
  return bindCall(binding, 'case', args)
}

// ── Casts ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** The most characters, or bytes, that a value of `from` has as a string of the type. */
function lengthAs(type: SqlType, from: SqlType): number {
  return isText(type) ? textLengthMax(from) : byteLengthMax(from)
}

export function bindCast(binding: Binding, operand: Expression, type: SqlType, array: boolean): Expression {
  if (array) throw sqlError('ER_NOT_SUPPORTED_YET', 'CAST(… AS … ARRAY)')
  const length = type.length === 0 && isString(type) ? lengthAs(type, operand.type) : type.length
  const target = length === type.length ? type : { ...type, length }
  return {
    kind: 'convert',
    operand: isNumeric(type) ? numericForm(operand) : operand,
    type: target,
    nullable: true,
    coercibility: isString(target) ? 2 : 5,
    text: `cast(${operand.text} as ${castTypeText(type)})`,
  }
}

function bindConvertUsing(binding: Binding, operand: Expression, charset: string): Expression {
  const collation = binding.environment.defaultCollation(charset)
  const type = charset === 'binary' ? castType(binding, { name: 'binary' }) : textType(0, collation)
  const length = lengthAs(type, operand.type)
  return {
    kind: 'convert',
    operand,
    type: charset === 'binary' ? { ...type, length } : textType(length, collation),
    nullable: true,
    coercibility: 2,
    text: `convert(${operand.text} using ${charset})`,
  }
}

function bindCollate(binding: Binding, operand: Expression, collation: string): Expression {
  const charset = binding.environment.charsetOf(collation)
  const text = isText(operand.type)
    ? operand
    : convertTo(operand, textType(textLengthMax(operand.type), binding.environment.connectionCollation))
  const own = binding.environment.charsetOf(text.type.collation)
  if (own !== charset) throw sqlError('ER_COLLATION_CHARSET_MISMATCH', collation, own)
  return {
    ...text,
    type: { ...text.type, collation },
    coercibility: 0,
    text: `(${operand.text} collate ${collation})`,
  }
}

// ── Functions with a grammar or a meaning of their own ──────────────────────────────────────────────────────────

function bindTrim(
  binding: Binding,
  syntax: Extract<Syntax, { kind: 'trim' }>,
  bind: (node: Syntax) => Expression,
): Expression {
  const name = syntax.side === 'both' ? 'trim' : `trim ${syntax.side}`
  const remove = syntax.remove === undefined ? word(' ') : bind(syntax.remove)
  return bindCall(binding, name, [bind(syntax.operand), remove])
}

/** Without RETURNING. */
const JSON_VALUE_TYPE = textType(512, 'utf8mb4_0900_ai_ci')

function bindJsonValue(
  binding: Binding,
  syntax: Extract<Syntax, { kind: 'jsonValue' }>,
  bind: (node: Syntax) => Expression,
): Expression {
  const { document, path, returning, onEmpty, onError } = syntax
  const args = [bind(document), bind(path)]
  if (returning !== undefined || onEmpty !== undefined || onError !== undefined) {
    const type = returning === undefined ? JSON_VALUE_TYPE : castType(binding, returning)
    const length = type.length === 0 && isString(type) ? lengthAs(type, JSON_TYPE) : type.length
    args.push(
      constant({ ...type, length }, null, 'returning'),
      ...jsonResponse(onEmpty, bind),
      ...jsonResponse(onError, bind),
    )
  }
  return bindCall(binding, 'json_value', args)
}

/** As two arguments: what to do, and the default. */
function jsonResponse(response: JsonOnResponse | undefined, bind: (node: Syntax) => Expression) {
  const value = response?.kind === 'default' ? bind(response.value) : NULL_CONSTANT
  return [word(response?.kind ?? 'null'), value]
}

function bindWeightString(
  binding: Binding,
  { operand, as, length }: WeightString,
  bind: (node: Syntax) => Expression,
): Expression {
  if (as === undefined || length === undefined) return bindCall(binding, 'weight_string', [bind(operand)])
  const characters = constant(BIGINT_TYPE, length, String(length))
  return bindCall(binding, 'weight_string', [bind(operand), word(as), characters])
}

function bindFunction(binding: Binding, syntax: FunctionCall, context: ExpressionContext): Expression {
  const name = syntax.name.toLowerCase()
  if (syntax.database !== undefined) {
    throw sqlError('ER_SP_DOES_NOT_EXIST', 'FUNCTION', `${syntax.database}.${syntax.name}`)
  }
  const bindArguments = () => syntax.arguments.map((argument) => binding.expression(argument, context))
  const waitingCall = WAITING_CALLS.get(name)
  if (waitingCall !== undefined) return bindWaitingCall(binding, waitingCall, bindArguments(), syntax.name)
  if (name === 'benchmark') return bindBenchmark(binding, bindArguments(), syntax.name)
  if (name === 'grouping') return bindGrouping(binding, syntax.arguments, context)
  if (name === 'values') throw unknownFunction(binding, syntax.name)
  if (binding.environment.functions.scalar(name) === undefined) {
    if (binding.environment.functions.window(name) !== undefined) {
      throw sqlError('ER_WINDOW_INVALID_WINDOW_FUNC_USE', name)
    }
    if (binding.environment.functions.aggregate(name) !== undefined) {
      return bindAggregate(
        binding,
        {
          kind: 'aggregate',
          name,
          arguments: syntax.arguments,
          distinct: false,
          orderBy: [],
          separator: undefined,
        },
        context,
      )
    }
    throw unknownFunction(binding, syntax.name)
  }
  return bindCall(binding, name, bindArguments(), syntax.name)
}
