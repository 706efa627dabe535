import type {
  AggregateCall,
  CastType,
  Expression,
  FullTextMatch,
  FunctionCall,
  JsonOnResponse,
  JsonValue,
  Literal,
  SystemVariable,
  Trim,
  WeightString,
  WindowCall,
} from '../plan/syntax/expression.js'
import type { FrameBound, OrderItem, WindowReference, WindowSpecification } from '../plan/syntax/query.js'
import { isWindowFunction } from './aggregate-calls.js'
import { isPlainCall } from './calls.js'
import { quoteBytes, quoteName, quoteNames, quoteText, type PrintContext } from './print-context.js'
import { isKeyword } from './token.js'

/**
 * Expressions in the style of MySQL's stored texts: lower-case words, names in backquotes, no space behind commas,
 * parentheses around every operator, so that the text means the same wherever it is put.
 */
export function printExpression(node: Expression, context: PrintContext): string {
  const print = context.expression
  switch (node.kind) {
    case 'null':
    case 'boolean':
    case 'number':
    case 'string':
    case 'hex':
    case 'bit':
    case 'temporal':
      return printLiteral(node, context)
    case 'parameter':
      return '?'
    case 'column':
      return quoteNames(node.database, node.table, node.name)
    case 'userVariable':
      return '@' + quoteName(node.name)
    case 'userVariableAssignment':
      return `(@${quoteName(node.name)}:=${print(node.value)})`
    case 'systemVariable':
      return printSystemVariable(node)
    case 'unary':
      return printUnary(node.operator, print(node.operand), node.operand.kind === 'number')
    case 'binary':
      return `(${print(node.left)} ${node.operator} ${print(node.right)})`
    case 'logical':
      return `(${node.operands.map(print).join(` ${node.operator} `)})`
    case 'comparison':
      return `(${print(node.left)} ${node.operator} ${print(node.right)})`
    case 'quantifiedComparison':
      return `(${print(node.left)} ${node.operator} ${node.quantifier} (${context.query(node.query)}))`
    default:
      return printOther(node, context)
  }
}

type Operator =
  | 'null'
  | 'boolean'
  | 'number'
  | 'string'
  | 'hex'
  | 'bit'
  | 'temporal'
  | 'parameter'
  | 'column'
  | 'userVariable'
  | 'userVariableAssignment'
  | 'systemVariable'
  | 'unary'
  | 'binary'
  | 'logical'
  | 'comparison'
  | 'quantifiedComparison'

type Predicate =
  | 'is'
  | 'like'
  | 'regexp'
  | 'soundsLike'
  | 'between'
  | 'in'
  | 'inQuery'
  | 'memberOf'
  | 'exists'
  | 'subquery'
  | 'row'
  | 'case'

function printOther(node: Exclude<Expression, { kind: Operator }>, context: PrintContext): string {
  const print = context.expression
  switch (node.kind) {
    case 'is':
      return `(${print(node.operand)} is ${not(node.negated)}${node.test})`
    case 'like': {
      const escape = node.escape === undefined ? '' : ` escape ${print(node.escape)}`
      return `(${print(node.operand)} ${not(node.negated)}like ${print(node.pattern)}${escape})`
    }
    case 'regexp':
      return `(${print(node.operand)} ${not(node.negated)}regexp ${print(node.pattern)})`
    case 'soundsLike':
      return `(${print(node.left)} sounds like ${print(node.right)})`
    case 'between':
      return `(${print(node.operand)} ${not(node.negated)}between ${print(node.low)} and ${print(node.high)})`
    case 'in':
      return `(${print(node.operand)} ${not(node.negated)}in (${list(node.items, print)}))`
    case 'inQuery':
      return `(${print(node.operand)} ${not(node.negated)}in (${context.query(node.query)}))`
    case 'memberOf':
      return `(${print(node.operand)} member of (${print(node.array)}))`
    case 'exists':
      return `exists(${context.query(node.query)})`
    case 'subquery':
      return `(${context.query(node.query)})`
    case 'row':
      return node.items.length === 1 ? `row(${list(node.items, print)})` : `(${list(node.items, print)})`
    case 'case':
      return printCase(node, print)
    default:
      return printCall(node, context)
  }
}

function printCall(node: Exclude<Expression, { kind: Operator | Predicate }>, context: PrintContext): string {
  const print = context.expression
  switch (node.kind) {
    case 'cast':
      return printCast(node, print)
    case 'convertUsing':
      return `convert(${print(node.operand)} using ${node.charset})`
    case 'collate': {
      const operand = print(node.operand)
      return `(${node.operand.kind === 'unary' ? `(${operand})` : operand} collate ${node.collation})`
    }
    case 'dateArithmetic':
      return `(${print(node.operand)} ${node.subtract ? '-' : '+'} interval ${print(node.amount)} ${node.unit})`
    case 'extract':
      return `extract(${node.unit} from ${print(node.operand)})`
    case 'timestampAdd':
      return `timestampadd(${node.unit},${print(node.amount)},${print(node.operand)})`
    case 'timestampDifference':
      return `timestampdiff(${node.unit},${print(node.from)},${print(node.to)})`
    case 'getFormat':
      return `get_format(${node.type},${print(node.operand)})`
    case 'trim':
      return printTrim(node, print)
    case 'function':
      return printFunction(node, print)
    case 'aggregate':
      return printAggregate(node, context)
    case 'window':
      return printWindowCall(node, context)
    case 'char':
      return `char(${list(node.arguments, print)}${node.charset === undefined ? '' : ` using ${node.charset}`})`
    case 'weightString':
      return printWeightString(node, print)
    case 'match':
      return printMatch(node, print)
    case 'jsonExtraction':
      return `${print(node.column)}${node.unquote ? '->>' : '->'}${print(node.path)}`
    case 'jsonValue':
      return printJsonValue(node, print)
    case 'columnDefault':
      return `default(${print(node.column)})`
    case 'defaultKeyword':
      return 'default'
    case 'insertedValue':
      return `values(${print(node.column)})`
  }
}

type Print = (node: Expression) => string

function list(nodes: readonly Expression[], print: Print): string {
  return nodes.map(print).join(',')
}

function not(negated: boolean): string {
  return negated ? 'not ' : ''
}

// ---- Literals and variables -----------------------------------------------------------------------------------

function printLiteral(node: Literal, context: PrintContext): string {
  switch (node.kind) {
    case 'null':
      return 'NULL'
    case 'boolean':
      return String(node.value)
    case 'number':
      return node.text
    case 'string':
      return quoteBytes(node.bytes, node.introducer, context.decodeLiteral)
    case 'hex':
    case 'bit': {
      const digits = Buffer.from(node.bytes, 'latin1')
      const prefix = node.introducer === undefined ? '' : `_${node.introducer} `
      if (node.kind === 'hex') return `${prefix}x'${digits.toString('hex').toUpperCase()}'`
      return `${prefix}b'${Array.from(digits, (byte) => byte.toString(2).padStart(8, '0')).join('')}'`
    }
    case 'temporal':
      return `${node.type} ${quoteBytes(node.bytes, undefined, context.decodeLiteral)}`
  }
}

const SCOPES = { global: 'global.', session: 'session.', persist: 'persist.', persistOnly: 'persist_only.' }

function printSystemVariable(node: SystemVariable): string {
  return `@@${node.scope === undefined ? '' : SCOPES[node.scope]}${quoteNames(node.component, node.name)}`
}

function printUnary(operator: '-' | '+' | '~' | 'not', operand: string, isNumber: boolean): string {
  if (operator === 'not') return `(not(${operand}))`
  return isNumber ? operator + operand : `${operator}(${operand})`
}

// ---- Constructs with a grammar of their own -------------------------------------------------------------------

function printCase(node: Extract<Expression, { kind: 'case' }>, print: Print): string {
  const operand = node.operand === undefined ? '' : ` ${print(node.operand)}`
  const branches = node.branches.map(({ when, then }) => ` when ${print(when)} then ${print(then)}`)
  const otherwise = node.otherwise === undefined ? '' : ` else ${print(node.otherwise)}`
  return `(case${operand}${branches.join('')}${otherwise} end)`
}

function printCast(node: Extract<Expression, { kind: 'cast' }>, print: Print): string {
  const zone = node.timeZone === undefined ? '' : ` at time zone ${quoteText(node.timeZone)}`
  const array = node.array ? ' array' : ''
  return `cast(${print(node.operand)}${zone} as ${printCastType(node.type)}${array})`
}

function printCastType(type: CastType): string {
  const size =
    type.length === undefined
      ? ''
      : type.scale === undefined
        ? `(${String(type.length)})`
        : `(${String(type.length)},${String(type.scale)})`
  const charset = type.charset === undefined ? '' : ` charset ${type.charset}`
  return `${type.name}${size}${charset}${type.binaryCollation ? ' binary' : ''}`
}

function printTrim(node: Trim, print: Print): string {
  const remove = node.remove === undefined ? '' : `${print(node.remove)} `
  if (node.side === 'both' && remove === '') return `trim(${print(node.operand)})`
  return `trim(${node.side} ${remove}from ${print(node.operand)})`
}

function printFunction(node: FunctionCall, print: Print): string {
  const args = `(${list(node.arguments, print)})`
  if (node.database !== undefined) return quoteNames(node.database, node.name) + args
  return (isPlainFunctionName(node.name) ? node.name.toLowerCase() : quoteName(node.name)) + args
}

/** Whether the name without quotes in front of `(` is a call with plain arguments. */
function isPlainFunctionName(name: string): boolean {
  const word = name.toUpperCase()
  return /^[A-Z_][A-Z_0-9]*$/.test(word) && (!isKeyword(word) || isPlainCall(word) || isWindowFunction(word))
}

function printAggregate(node: AggregateCall, context: PrintContext): string {
  const print = context.expression
  const isCountAll = node.name === 'count' && node.arguments.length === 0
  const args = isCountAll ? '*' : list(node.arguments, print)
  const orderBy = printOrderBy(node.orderBy, context)
  const separator = node.separator === undefined ? '' : ` separator ${print(node.separator)}`
  return `${node.name}(${node.distinct ? 'distinct ' : ''}${args}${orderBy}${separator})`
}

function printWeightString(node: WeightString, print: Print): string {
  const as = node.as === undefined ? '' : ` as ${node.as}(${String(node.length ?? 0)})`
  return `weight_string(${print(node.operand)}${as})`
}

function printMatch(node: FullTextMatch, print: Print): string {
  const mode = node.mode === 'boolean' ? ' in boolean mode' : ''
  const expansion = node.queryExpansion ? ' with query expansion' : ''
  return `match (${list(node.columns, print)}) against (${print(node.against)}${mode}${expansion})`
}

function printJsonValue(node: JsonValue, print: Print): string {
  const returning = node.returning === undefined ? '' : ` returning ${printCastType(node.returning)}`
  const responses = printJsonResponses(node.onEmpty, node.onError, print)
  return `json_value(${print(node.document)},${print(node.path)}${returning}${responses})`
}

export function printJsonResponses(
  onEmpty: JsonOnResponse | undefined,
  onError: JsonOnResponse | undefined,
  print: Print,
): string {
  const one = (response: JsonOnResponse | undefined, event: string): string => {
    if (response === undefined) return ''
    const what = response.kind === 'default' ? `default ${print(response.value)}` : response.kind
    return ` ${what} on ${event}`
  }
  return one(onEmpty, 'empty') + one(onError, 'error')
}

// ---- Windows and ORDER BY -------------------------------------------------------------------------------------

function printWindowCall(node: WindowCall, context: PrintContext): string {
  const fromLast = node.fromLast ? ' from last' : ''
  const nulls = node.nulls === undefined ? '' : ` ${node.nulls} nulls`
  return `${context.expression(node.call)}${fromLast}${nulls} over ${printWindowReference(node.over, context)}`
}

function printWindowReference(over: WindowReference, context: PrintContext): string {
  return over.kind === 'windowName' ? quoteName(over.name) : printWindowSpecification(over, context)
}

export function printWindowSpecification(node: WindowSpecification, context: PrintContext): string {
  const parts: string[] = []
  if (node.base !== undefined) parts.push(quoteName(node.base))
  if (node.partitionBy.length > 0) parts.push(`partition by ${list(node.partitionBy, context.expression)}`)
  if (node.orderBy.length > 0) parts.push(printOrderBy(node.orderBy, context).trimStart())
  const { frame } = node
  if (frame !== undefined) {
    const bounds = `${printBound(frame.from, context)} and ${printBound(frame.to, context)}`
    parts.push(`${frame.unit} between ${bounds}`)
    if (frame.exclude !== undefined) parts.push(`exclude ${EXCLUSIONS[frame.exclude]}`)
  }
  return `(${parts.join(' ')})`
}

const EXCLUSIONS = { currentRow: 'current row', group: 'group', ties: 'ties', noOthers: 'no others' } as const

function printBound(bound: FrameBound, context: PrintContext): string {
  switch (bound.kind) {
    case 'currentRow':
      return 'current row'
    case 'unboundedPreceding':
      return 'unbounded preceding'
    case 'unboundedFollowing':
      return 'unbounded following'
    case 'preceding':
    case 'following': {
      const offset = context.expression(bound.offset)
      return `${bound.unit === undefined ? offset : `interval ${offset} ${bound.unit}`} ${bound.kind}`
    }
  }
}

/** ` order by …`, or nothing. */
export function printOrderBy(items: readonly OrderItem[], context: PrintContext): string {
  if (items.length === 0) return ''
  const printed = items.map((item) => context.expression(item.expression) + (item.descending ? ' desc' : ''))
  return ` order by ${printed.join(',')}`
}
