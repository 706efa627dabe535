/**
 * `=`, `<=>`, `<>`, `<`, `<=`, `>`, `>=` (MySQL manual 14.4.2 "Comparison Functions and Operators"). Comparisons of rows
 * are expanded by the binder.
 */
import { requireCollation } from '../common/collations.js'
import type { Evaluator } from '../common/evaluation.js'
import { BOOLEAN_TYPE } from '../common/sql-type.js'
import type { ExactValue } from '../common/value.js'
import type { ArgumentInfo, BindingEnvironment, ScalarFunction } from '../spi/functions.js'
import type { ScalarBinding } from '../common/function-binding.js'
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
  if (pair.kind === 'text' && (symbol === '=' || symbol === '<>')) {
    return compileTextEquality(symbol === '=', pair.type.collation, left, right)
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
function compileTextEquality(
  wantsEqual: boolean,
  collationName: string,
  left: Evaluator,
  right: Evaluator,
): Evaluator {
  const collation = requireCollation(collationName)
  const equal = wantsEqual ? 1 : 0
  return (batch, row, context) => {
    const a = left(batch, row, context) as string | null
    if (a === null) return null
    const b = right(batch, row, context) as string | null
    if (b === null) return null
    return a === b || collation.compare(a, b) === 0 ? equal : 1 - equal
  }
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
