/**
 * `=`, `<=>`, `<>`, `<`, `<=`, `>`, `>=` (MySQL manual 14.4.2 "Comparison Functions and Operators"). Comparisons of rows
 * are expanded by the binder.
 */
import { requireCollation } from '../common/collations.js'
import type { Evaluator } from '../common/evaluation.js'
import { BOOLEAN_TYPE } from '../common/sql-type.js'
import { BytesVector } from '../common/vector.js'
import type { ExactValue } from '../common/value.js'
import type { ArgumentInfo, BindingEnvironment, ScalarFunction } from '../spi/functions.js'
import type { ScalarBinding } from '../common/function-binding.js'
import { columnReadBy } from './column-position.js'
import { bindPair, type PairComparator, type PairComparison } from './pair-comparison.js'

export type ComparisonSymbol = '=' | '<>' | '<' | '<=' | '>' | '>='

function bindComparison(
  symbol: ComparisonSymbol,
  args: readonly ArgumentInfo[],
  environment: BindingEnvironment,
): ScalarBinding {
  const [left, right] = args as readonly [ArgumentInfo, ArgumentInfo]
  const pair = bindPair(left, right, environment, symbol)
  return {
    type: BOOLEAN_TYPE,
    nullable: left.nullable || right.nullable || canFail(pair),
    parameterTypes: [pair.left, pair.right],
    compile: ([a, b]) => compileComparison(symbol, pair, a as Evaluator, b as Evaluator),
  }
}

/** Whether an operand that isn't NULL may become NULL on its way: text that is no date. */
function canFail(pair: PairComparison): boolean {
  return [pair.left, pair.right].some((type) => type !== undefined && TEMPORAL_NAMES.has(type.name))
}

const TEMPORAL_NAMES = new Set(['date', 'time', 'datetime', 'timestamp'])

function compileComparison(
  symbol: ComparisonSymbol,
  pair: PairComparison,
  left: Evaluator,
  right: Evaluator,
): Evaluator {
  if (pair.kind === 'number') return compileNumbers(symbol, left, right)
  if (pair.kind === 'text') {
    const compare = compileTexts(symbol, pair.type.collation, left, right)
    const column = columnReadBy(left)
    return column === undefined
      ? compare
      : compileTextColumn(symbol, pair.type.collation, column, right, compare)
  }
  return compileGeneral(TESTS[symbol], pair.compare, left, right)
}

/** One closure per operator: the commonest filters run through these. */
function compileNumbers(symbol: ComparisonSymbol, left: Evaluator, right: Evaluator): Evaluator {
  switch (symbol) {
    case '=':
      return (batch, row, context) => {
        const a = left(batch, row, context) as ExactValue | null
        if (a === null) return null
        const b = right(batch, row, context) as ExactValue | null
        return b === null ? null : a === b ? 1 : 0
      }
    case '<>':
      return (batch, row, context) => {
        const a = left(batch, row, context) as ExactValue | null
        if (a === null) return null
        const b = right(batch, row, context) as ExactValue | null
        return b === null ? null : a === b ? 0 : 1
      }
    case '<':
      return (batch, row, context) => {
        const a = left(batch, row, context) as ExactValue | null
        if (a === null) return null
        const b = right(batch, row, context) as ExactValue | null
        return b === null ? null : a < b ? 1 : 0
      }
    case '<=':
      return (batch, row, context) => {
        const a = left(batch, row, context) as ExactValue | null
        if (a === null) return null
        const b = right(batch, row, context) as ExactValue | null
        return b === null ? null : a <= b ? 1 : 0
      }
    case '>':
      return (batch, row, context) => {
        const a = left(batch, row, context) as ExactValue | null
        if (a === null) return null
        const b = right(batch, row, context) as ExactValue | null
        return b === null ? null : a > b ? 1 : 0
      }
    case '>=':
      return (batch, row, context) => {
        const a = left(batch, row, context) as ExactValue | null
        if (a === null) return null
        const b = right(batch, row, context) as ExactValue | null
        return b === null ? null : a >= b ? 1 : 0
      }
  }
}

/** Equal strings are equal in every collation, so most comparisons end before the weights are looked at. */
function compileTexts(
  symbol: ComparisonSymbol,
  collationName: string,
  left: Evaluator,
  right: Evaluator,
): Evaluator {
  const collation = requireCollation(collationName)
  const test = TESTS[symbol]
  return (batch, row, context) => {
    const a = left(batch, row, context) as string | null
    if (a === null) return null
    const b = right(batch, row, context) as string | null
    if (b === null) return null
    return test(a === b ? 0 : collation.compare(a, b)) ? 1 : 0
  }
}

/** Most texts of a column are told apart where they lie, by their first ASCII characters. */
function compileTextColumn(
  symbol: ComparisonSymbol,
  collationName: string,
  column: number,
  right: Evaluator,
  otherwise: Evaluator,
): Evaluator {
  const { asciiOrder } = requireCollation(collationName)
  const test = TESTS[symbol]
  return (batch, row, context) => {
    const vector = batch.columns[column]
    if (!(vector instanceof BytesVector)) return otherwise(batch, row, context)
    if (vector.isNull(row)) return null
    const text = right(batch, row, context) as string | null
    if (text === null) return null
    const order = asciiDifference(
      vector.data,
      vector.starts[row] as number,
      vector.ends[row] as number,
      text,
      asciiOrder,
    )
    return order === undefined ? otherwise(batch, row, context) : test(order) ? 1 : 0
  }
}

/** The order of a text in UTF-8 and a string: 0 if they are the same, undefined if ASCII characters alone don't tell. */
function asciiDifference(
  bytes: Uint8Array,
  start: number,
  end: number,
  text: string,
  weights: Uint16Array,
): number | undefined {
  const size = end - start
  const length = Math.min(size, text.length)
  for (let i = 0; i < length; i++) {
    const a = bytes[start + i] as number
    const b = text.charCodeAt(i)
    if ((a | b) >= 0x80) return undefined
    if (a === b) continue
    const left = weights[a] as number
    const right = weights[b] as number
    if (left === 0 || right === 0) return undefined
    if (left !== right) return left - right
  }
  return size === text.length ? sameOrUnknown(bytes, start, text) : undefined
}

/** Letters that are equal in weight may differ later, in case. */
function sameOrUnknown(bytes: Uint8Array, start: number, text: string): 0 | undefined {
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return undefined
  return 0
}

/** What the sign of a comparison must be. */
const TESTS: Readonly<Record<ComparisonSymbol, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '<>': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
}

function compileGeneral(
  test: (order: number) => boolean,
  compare: PairComparator,
  left: Evaluator,
  right: Evaluator,
): Evaluator {
  return (batch, row, context) => {
    const a = left(batch, row, context)
    if (a === null) return null
    const b = right(batch, row, context)
    if (b === null) return null
    return test(compare(a, b, context)) ? 1 : 0
  }
}

/** Equality that holds for two NULLs and is never NULL itself. */
const nullSafeEqual: ScalarFunction = {
  name: '<=>',
  argumentsMin: 2,
  argumentsMax: 2,
  volatility: 'immutable',
  bind: (args, environment) => {
    const [left, right] = args as readonly [ArgumentInfo, ArgumentInfo]
    const pair = bindPair(left, right, environment, '<=>')
    return {
      type: BOOLEAN_TYPE,
      nullable: false,
      parameterTypes: [pair.left, pair.right],
      compile: ([first, second]) => {
        const evaluateLeft = first as Evaluator
        const evaluateRight = second as Evaluator
        return (batch, row, context) => {
          const a = evaluateLeft(batch, row, context)
          const b = evaluateRight(batch, row, context)
          if (a === null || b === null) return a === b ? 1 : 0
          return pair.compare(a, b, context) === 0 ? 1 : 0
        }
      },
    }
  },
}

function comparison(name: ComparisonSymbol, spelling: string = name): ScalarFunction {
  return {
    name: spelling,
    argumentsMin: 2,
    argumentsMax: 2,
    volatility: 'immutable',
    bind: (args, environment) => bindComparison(name, args, environment),
  }
}

export const comparisonOperators: readonly ScalarFunction[] = [
  comparison('='),
  comparison('<>'),
  comparison('<>', '!='),
  comparison('<'),
  comparison('<='),
  comparison('>'),
  comparison('>='),
  nullSafeEqual,
]
