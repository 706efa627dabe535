/**
 * Which conditions can neither warn nor fail. Where a part of a filter is refused, the parts behind it may be checked before it only if it is
 * one of these: otherwise rows would be left out of which MySQL has something to say.
 */
import { isApproximate, isExactNumber, isTemporal } from './fragment-render.js'
import { isText, readsColumns, type Expression } from '@switchyard/core/spi'

export function isSilent(expression: Expression): boolean {
  // What is constant is computed once, for whatever row comes first.
  if (!readsColumns(expression)) return expression.kind === 'constant' || expression.kind === 'parameter'
  switch (expression.kind) {
    case 'column':
      return true
    case 'convert':
      return isSilentConversion(expression.operand, expression) && isSilent(expression.operand)
    case 'call':
      return SILENT_CALLS.has(expression.name) && expression.arguments.every(isSilent)
    default:
      return false
  }
}

function isSilentConversion({ type: from }: Expression, { type: to }: Expression): boolean {
  if (isText(to)) return isText(from) || isExactNumber(from) || isTemporal(from)
  if (to.name === 'double') return isExactNumber(from) || isApproximate(from)
  return to.name === 'datetime' && (from.name === 'date' || from.name === 'datetime')
}

const SILENT_CALLS: ReadonlySet<string> = new Set([
  ...['=', '<>', '<', '<=', '>', '>=', '<=>', 'and', 'or', 'xor', 'not', 'in', 'between', 'like'],
  ...['is null', 'is not null', 'is true', 'is false', 'if', 'case', 'ifnull', 'coalesce', 'nullif'],
  ...['upper', 'ucase', 'lower', 'lcase', 'char_length', 'length', 'left', 'right', 'substring'],
  ...['trim', 'ltrim', 'rtrim', 'instr', 'locate', 'reverse', 'md5', 'hex', 'soundex', 'strcmp'],
])
