/**
 * Functions that look for strings in strings or choose among strings: INSTR, LOCATE, STRCMP, FIELD, ELT, FIND_IN_SET,
 * MAKE_SET, EXPORT_SET (MySQL manual 14.8 "String Functions and Operators"). Searches follow the collation.
 */
import type { Collation } from '../common/collation.js'
import { compareDecimals } from '../common/decimal.js'
import type { Evaluator } from '../common/evaluation.js'
import { isInteger, type SqlType } from '../common/sql-type.js'
import type { ExactValue, Value } from '../common/value.js'
import type { ScalarFunction } from '../spi/functions.js'
import { characterCount, characterIndex, unitIndex } from './code-points.js'
import type { ParameterKind } from './parameters.js'
import { integerType, lengthOf, stringOf } from './result-types.js'
import { evaluator2, evaluator3, scalarFunction, strictAll, synonyms, type Call } from './support.js'

/** 1-based character position of `needle`, 0 if it isn't there; an empty needle is found where the search starts. */
function locate(haystack: string, needle: string, from: ExactValue, collation: Collation): number {
  if (from < 1 || from > haystack.length + 1) return 0
  const skipped = Number(from) - 1
  if (skipped > 0 && skipped > characterCount(haystack)) return 0
  if (needle === '') return skipped + 1
  const at = collation.indexOf(haystack, needle, unitIndex(haystack, skipped))
  return at < 0 ? 0 : characterIndex(haystack, at) + 1
}

/**
 * 1-based position of `item` in the comma-separated `list`; 0 for an item with a comma and for an empty list. Trailing spaces
 * count in every collation.
 */
function findInSet(item: string, list: string, collation: Collation): number {
  if (list === '' || item.includes(',')) return 0
  // With something behind them, spaces are no padding.
  const wanted = `${item}0`
  return list.split(',').findIndex((member) => collation.compare(`${member}0`, wanted) === 0) + 1
}

/** FIELD compares as strings if all are strings, as exact numbers if all are, and as doubles otherwise. */
function fieldKinds(args: readonly { readonly type: SqlType }[]): 'string' | 'exact' | 'double' {
  const isExact = ({ type }: { readonly type: SqlType }) => isInteger(type) || type.name === 'decimal'
  const isNumber = (argument: { readonly type: SqlType }) =>
    isExact(argument) || ['float', 'double', 'year', 'bit'].includes(argument.type.name)
  if (args.every(isExact)) return 'exact'
  return args.some(isNumber) ? 'double' : 'string'
}

function compileField(args: readonly Evaluator[], call: Call): Evaluator {
  const equals = equality(call)
  return (batch, row, context) => {
    const wanted = (args[0] as Evaluator)(batch, row, context)
    if (wanted === null) return 0
    for (let i = 1; i < args.length; i++) {
      const value = (args[i] as Evaluator)(batch, row, context)
      if (value !== null && equals(wanted, value, i)) return i
    }
    return 0
  }
}

function equality(call: Call): (a: Value, b: Value, index: number) => boolean {
  const { collation } = call.strings
  if (fieldKinds(call.args) === 'string') return (a, b) => collation.compare(a as string, b as string) === 0
  if (fieldKinds(call.args) === 'double') return (a, b) => a === b
  const scales = call.args.map(({ type }) => type.scale)
  const wantedScale = scales[0] ?? 0
  return (a, b, index) =>
    compareDecimals(a as ExactValue, wantedScale, b as ExactValue, scales[index] ?? 0) === 0
}

/** Calls `visit` for each of the low 64 bits of `bits` up to `count`. */
function forEachBit(bits: ExactValue, count: number, visit: (isSet: boolean, index: number) => void): void {
  let rest = BigInt.asUintN(64, BigInt(bits))
  for (let index = 0; index < count; index++) {
    visit((rest & 1n) === 1n, index)
    rest >>= 1n
  }
}

function compileMakeSet([bits, ...members]: readonly Evaluator[]): Evaluator {
  return (batch, row, context) => {
    const value = bits?.(batch, row, context) as ExactValue | null
    if (value === null) return null
    const chosen: string[] = []
    forEachBit(value, Math.min(members.length, 64), (isSet, index) => {
      const member = isSet ? members[index]?.(batch, row, context) : null
      if (typeof member === 'string') chosen.push(member)
    })
    return chosen.join(',')
  }
}

function exportSet(values: readonly Value[]): string {
  const [bits, on, off, separator = ',', count = 64] = values as [
    ExactValue,
    string,
    string,
    string?,
    ExactValue?,
  ]
  const bitCount = count < 0 || count > 64 ? 64 : Number(count)
  const parts: string[] = []
  forEachBit(bits, bitCount, (isSet) => parts.push(isSet ? on : off))
  return parts.join(separator)
}

function exportSetLength(call: Call): number {
  const separator = call.args.length > 3 ? lengthOf(call, 3) : 1
  return 64 * Math.max(lengthOf(call, 1), lengthOf(call, 2)) + 63 * separator
}

export const stringSearchFunctions: readonly ScalarFunction[] = [
  scalarFunction('instr', {
    compares: true,
    parameters: ['string', 'string'],
    type: integerType(11),
    compile: ([haystack, needle], { strings: { collation } }) =>
      evaluator2(haystack as Evaluator, needle as Evaluator, (a: string, b: string) =>
        locate(a, b, 1, collation),
      ),
  }),
  ...synonyms(['locate', 'position'], {
    compares: true,
    parameters: ['string', 'string', 'integer'],
    optional: 1,
    type: integerType(11),
    compile: ([needle, haystack, from], { strings: { collation } }) =>
      from === undefined
        ? evaluator2(needle as Evaluator, haystack as Evaluator, (a: string, b: string) =>
            locate(b, a, 1, collation),
          )
        : evaluator3(
            needle as Evaluator,
            haystack as Evaluator,
            from,
            (a: string, b: string, c: ExactValue) => locate(b, a, c, collation),
          ),
  }),
  scalarFunction('strcmp', {
    compares: true,
    parameters: ['string', 'string'],
    type: integerType(2),
    compile: ([first, second], { strings: { collation } }) =>
      evaluator2(first as Evaluator, second as Evaluator, (a: string, b: string) =>
        Math.sign(collation.compare(a, b)),
      ),
  }),
  scalarFunction('find_in_set', {
    compares: true,
    parameters: ['string', 'string'],
    type: integerType(3),
    compile: ([item, list], { strings: { collation } }) =>
      evaluator2(item as Evaluator, list as Evaluator, (a: string, b: string) => findInSet(a, b, collation)),
  }),
  scalarFunction('field', {
    compares: true,
    parameters: ['string', 'string'],
    repeats: 1,
    kinds: (args) => {
      const kind = fieldKinds(args)
      return args.map((): ParameterKind => (kind === 'exact' ? 'any' : kind))
    },
    type: integerType(3),
    nullable: false,
    compile: compileField,
  }),
  scalarFunction('elt', {
    parameters: ['integer', 'string'],
    repeats: 1,
    type: stringOf((call) => Math.max(...call.args.slice(1).map((_, index) => lengthOf(call, index + 1)))),
    nullable: true,
    compile:
      ([index, ...items]) =>
      (batch, row, context) => {
        const chosen = index?.(batch, row, context) as ExactValue | null
        return chosen === null ? null : (items[Number(chosen) - 1]?.(batch, row, context) ?? null)
      },
  }),
  scalarFunction('make_set', {
    parameters: ['integer', 'string'],
    repeats: 1,
    type: stringOf((call) =>
      call.args.slice(1).reduce((sum, _, index) => sum + lengthOf(call, index + 1) + 1, -1),
    ),
    nullable: (call) => call.args[0]?.nullable ?? true,
    compile: compileMakeSet,
  }),
  scalarFunction('export_set', {
    parameters: ['integer', 'string', 'string', 'string', 'integer'],
    optional: 2,
    type: stringOf(exportSetLength),
    compile: strictAll(exportSet),
  }),
]
