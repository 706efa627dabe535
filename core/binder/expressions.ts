/**
 * Binds expressions: syntax to typed, name-free trees. Here every kind of syntax finds who binds it, and what is a call in another form becomes
 * one.
 */
import { sqlError } from '../common/sql-error.js'
import {
  BIGINT_TYPE,
  binaryType,
  DECIMAL_PRECISION_MAX,
  decimalType,
  isInteger,
  isString,
  JSON_TYPE,
  textType,
  type SqlType,
} from '../common/sql-type.js'
import type { Expression } from '../plan/expression.js'
import { WAITING_CALLS } from '../plan/waiting-calls.js'
import type {
  Expression as Syntax,
  FunctionCall,
  JsonOnResponse,
  WeightString,
} from '../plan/syntax/index.js'
import { bindAggregate, bindGrouping } from './aggregate-calls.js'
import { bindBenchmark } from './benchmark.js'
import type { Binding, ExpressionContext } from './binding.js'
import { bindCall, unknownFunction } from './calls.js'
import { castType } from './cast-types.js'
import { bindCast, bindCollate, bindConvertUsing, fitted } from './casts.js'
import { defaultOfColumn } from './column-defaults.js'
import { bindColumn } from './columns.js'
import { bindBetween, bindComparison, bindIn, compare, negate } from './comparisons.js'
import { bindLiteral, constant, NULL_CONSTANT, numericForm } from './literals.js'
import { bindExists, bindInQuery, bindQuantified, bindScalarSubquery } from './subqueries.js'
import { bindAssignment, bindSystemVariable, bindUserVariable } from './variables.js'
import { bindWaitingCall } from './waiting-calls.js'
import { bindWindowCall } from './window-calls.js'

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
      if (syntax.operator === '-') return bindCall(binding, 'unary -', [numericForm(bind(syntax.operand))])
      if (syntax.operator === '~') return bindCall(binding, '~', [bind(syntax.operand)])
      return call('not', syntax.operand)
    case 'binary':
      return bindArithmetic(binding, syntax.operator, bind(syntax.left), bind(syntax.right))
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

const BIT_OPERATORS: ReadonlySet<string> = new Set(['&', '|', '^', '<<', '>>'])

/** Hex and bit literals are numbers in numeric context; bit operators decide themselves. */
function bindArithmetic(binding: Binding, operator: string, left: Expression, right: Expression): Expression {
  const operands = BIT_OPERATORS.has(operator) ? [left, right] : [numericForm(left), numericForm(right)]
  return bindCall(binding, operator, operands)
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
      operand === undefined ? bind(branch.when) : compare(binding, '=', bind(operand), bind(branch.when)),
      bind(branch.then),
    )
  }
  if (otherwise !== undefined) args.push(bind(otherwise))
  return bindCall(binding, 'case', args)
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
    args.push(
      constant(fitted(type, JSON_TYPE), null, 'returning'),
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
