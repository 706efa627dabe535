/**
 * BETWEEN, IN and INTERVAL() (MySQL manual 14.4.2). An IN list of constants becomes a hash set, once per execution.
 */
import { compileConversion } from '../common/conversion.js'
import { hashKeyOf, type HashKey } from '../common/comparison.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import type { ScalarBinding } from '../common/function-binding.js'
import {
  BIGINT_TYPE,
  BOOLEAN_TYPE,
  DOUBLE_TYPE,
  isApproximate,
  isText,
  sameType,
  type SqlType,
} from '../common/sql-type.js'
import { requireCollation } from '../common/collations.js'
import { SINGLE_ROW } from '../common/batch.js'
import type { ExactValue, Value } from '../common/value.js'
import type { ArgumentInfo, BindingEnvironment, ScalarFunction } from '../spi/functions.js'
import { numericKindOf, numericTypeOf } from './numeric-types.js'
import { bindPair, type PairComparator, type PairComparison } from './pair-comparison.js'
import { resolveStrings } from './string-domain.js'

function sameWish(a: SqlType | undefined, b: SqlType | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && sameType(a, b))
}

/** A comparison whose first operand comes unconverted because others want it in another form. */
function convertingLeft(pair: PairComparison, from: SqlType): PairComparator {
  if (pair.left === undefined) return pair.compare
  const convert = compileConversion(from, pair.left)
  return (a, b, context) => {
    const converted = convert(a, context)
    return converted === null ? NaN : pair.compare(converted, b, context)
  }
}

/** Strings are all compared in the one collation that they agree on, not each pair in its own. */
function inOneCollation(
  args: readonly ArgumentInfo[],
  environment: BindingEnvironment,
  operation: string,
): readonly ArgumentInfo[] {
  const texts = args.filter(({ type }) => isText(type))
  const names = new Set(texts.map(({ type }) => type.collation))
  const hasOthers = args.some(({ type }) => !isText(type) && type.name !== 'null')
  if (hasOthers || names.size < 2) return args
  const { collation, coercibility } = resolveStrings(args, environment, operation, true)
  // Where character sets differ, each pair converts for itself.
  if ([...names].some((name) => requireCollation(name).charset !== collation.charset)) return args
  return args.map((argument) => {
    const { type, nullable, isConstant, isColumn = false, text } = argument
    const agreed = isText(type) ? { ...type, collation: collation.name } : type
    return {
      ...{ type: agreed, nullable, coercibility, isConstant, isColumn, text },
      get constant() {
        return argument.constant
      },
    }
  })
}

// ---- BETWEEN

function bindBetween(all: readonly ArgumentInfo[], environment: BindingEnvironment): ScalarBinding {
  const args = inOneCollation(all, environment, 'between')
  const [value, low, high] = args as readonly [ArgumentInfo, ArgumentInfo, ArgumentInfo]
  const lower = bindPair(value, low, environment, 'between')
  const upper = bindPair(value, high, environment, 'between')
  const agrees = sameWish(lower.left, upper.left)
  const compareLow = agrees ? lower.compare : convertingLeft(lower, value.type)
  const compareHigh = agrees ? upper.compare : convertingLeft(upper, value.type)
  const isNumber = agrees && lower.kind === 'number' && upper.kind === 'number'
  return {
    type: BOOLEAN_TYPE,
    nullable: true,
    parameterTypes: [agrees ? lower.left : undefined, lower.right, upper.right],
    compile: (operands) =>
      isNumber ? compileNumberBetween(operands) : compileBetween(operands, compareLow, compareHigh),
  }
}

function compileNumberBetween(operands: readonly Evaluator[]): Evaluator {
  const [value, low, high] = operands as [Evaluator, Evaluator, Evaluator]
  return (batch, row, context) => {
    const x = value(batch, row, context) as ExactValue | null
    if (x === null) return null
    const a = low(batch, row, context) as ExactValue | null
    if (a !== null && x < a) return 0
    const b = high(batch, row, context) as ExactValue | null
    if (b !== null && x > b) return 0
    return a === null || b === null ? null : 1
  }
}

function compileBetween(
  operands: readonly Evaluator[],
  compareLow: PairComparator,
  compareHigh: PairComparator,
): Evaluator {
  const [value, low, high] = operands as [Evaluator, Evaluator, Evaluator]
  return (batch, row, context) => {
    const x = value(batch, row, context)
    if (x === null) return null
    const a = low(batch, row, context)
    // NaN says that the value is not comparable: the answer is unknown on that side.
    const lowOrder = a === null ? NaN : compareLow(x, a, context)
    if (lowOrder < 0) return 0
    const b = high(batch, row, context)
    const highOrder = b === null ? NaN : compareHigh(x, b, context)
    if (highOrder > 0) return 0
    return Number.isNaN(lowOrder) || Number.isNaN(highOrder) ? null : 1
  }
}

// ---- IN

/** Shorter lists are searched one by one. */
const HASHED_LENGTH_MIN = 5

function bindIn(all: readonly ArgumentInfo[], environment: BindingEnvironment): ScalarBinding {
  const args = inOneCollation(all, environment, ' IN ')
  const [value, ...items] = args as readonly [ArgumentInfo, ...ArgumentInfo[]]
  const pairs = items.map((item) => bindPair(value, item, environment, items.length > 1 ? ' IN ' : '='))
  const first = pairs[0] as PairComparison
  const agrees = pairs.every((pair) => sameWish(first.left, pair.left))
  const parameterTypes = [agrees ? first.left : undefined, ...pairs.map((pair) => pair.right)]
  const hashed =
    agrees &&
    items.length >= HASHED_LENGTH_MIN &&
    items.every((item) => item.isConstant) &&
    pairs.every((pair) => isHashable(pair) && comparesAlike(first.type, pair.type))
  const compares = agrees
    ? pairs.map((pair) => pair.compare)
    : pairs.map((pair) => convertingLeft(pair, value.type))
  return {
    type: BOOLEAN_TYPE,
    nullable: args.some((argument) => argument.nullable) || pairs.some((pair) => pair.kind === 'other'),
    parameterTypes,
    compile: (operands) => (hashed ? compileHashedIn(operands, first.type) : compileIn(operands, compares)),
  }
}

/** Where both operands end in the same representation, so that equal values have equal keys. */
function isHashable(pair: PairComparison): boolean {
  return pair.kind !== 'other'
}

function comparesAlike(a: SqlType, b: SqlType): boolean {
  return a.scale === b.scale && a.collation === b.collation && isApproximate(a) === isApproximate(b)
}

function compileIn(operands: readonly Evaluator[], compares: readonly PairComparator[]): Evaluator {
  const [value, ...items] = operands as [Evaluator, ...Evaluator[]]
  return (batch, row, context) => {
    const x = value(batch, row, context)
    if (x === null) return null
    let isUnknown = false
    for (let i = 0; i < items.length; i++) {
      const item = (items[i] as Evaluator)(batch, row, context)
      const order = item === null ? NaN : (compares[i] as PairComparator)(x, item, context)
      if (order === 0) return 1
      if (Number.isNaN(order)) isUnknown = true
    }
    return isUnknown ? null : 0
  }
}

interface HashedList {
  readonly keys: ReadonlySet<HashKey>
  readonly hasNull: boolean
}

function compileHashedIn(operands: readonly Evaluator[], type: SqlType): Evaluator {
  const [value, ...items] = operands as [Evaluator, ...Evaluator[]]
  const keyOf = hashKeyOf(type)
  const site = {}
  return (batch, row, context) => {
    const x = value(batch, row, context)
    if (x === null) return null
    const list = context.state(site, () => hashList(items, keyOf, context))
    if (list.keys.has(keyOf(x))) return 1
    return list.hasNull ? null : 0
  }
}

function hashList(
  items: readonly Evaluator[],
  keyOf: (value: Value) => HashKey,
  context: EvaluationContext,
): HashedList {
  const keys = new Set<HashKey>()
  let hasNull = false
  for (const item of items) {
    const value = item(SINGLE_ROW, 0, context)
    if (value === null) hasNull = true
    else keys.add(keyOf(value))
  }
  return { keys, hasNull }
}

// ---- INTERVAL

/** INTERVAL(n, n1, n2, …): how many of the ascending list are not above n; -1 for NULL. */
function bindInterval(args: readonly ArgumentInfo[]): ScalarBinding {
  const isExact = args.every(
    ({ type }) => numericKindOf(type) !== 'double' && numericKindOf(type) !== 'decimal',
  )
  const parameterTypes = args.map(({ type }) => {
    if (type.name === 'null') return undefined
    const target = isExact ? numericTypeOf(type) : DOUBLE_TYPE
    return sameType(type, target) ? undefined : target
  })
  return {
    type: Object.freeze({ ...BIGINT_TYPE, length: 2 }),
    nullable: false,
    parameterTypes,
    compile: ([first, ...bounds]) => {
      const value = first as Evaluator
      return (batch, row, context) => {
        const x = value(batch, row, context) as ExactValue | null
        if (x === null) return -1
        let count = 0
        for (const bound of bounds) {
          const limit = bound(batch, row, context) as ExactValue | null
          if (limit !== null && limit > x) return count
          count++
        }
        return count
      }
    },
  }
}

export const membershipOperators: readonly ScalarFunction[] = [
  { name: 'between', argumentsMin: 3, argumentsMax: 3, volatility: 'immutable', bind: bindBetween },
  { name: 'in', argumentsMin: 2, argumentsMax: Infinity, volatility: 'immutable', bind: bindIn },
  { name: 'interval', argumentsMin: 2, argumentsMax: Infinity, volatility: 'immutable', bind: bindInterval },
]
