/** Frames of window functions in fragments, and the functions that pick a value of another row. */
import {
  isText,
  readsColumns,
  sameType,
  type Expression,
  type SqlType,
  type WindowCall,
} from '@switchyard/core/spi'
import { columnSql } from './fragment-expression.js'
import { castSql, need, Refusal, type ColumnTexts } from './fragment-render.js'
import type { FragmentScope } from './fragment-scope.js'
import type { ColumnText } from './sql-text.js'

type Frame = WindowCall['frame']

/** A number that doesn't change from row to row. */
export function countSql(expression: Expression, { values }: FragmentScope): string {
  if (readsColumns(expression)) throw new Refusal('LIMIT of a column')
  return values === undefined ? '?' : String(values.valueOf(expression))
}

export function frameSql({ unit, start, end }: Frame, scope: FragmentScope): string {
  const bounds = [start, end].map((bound) => {
    if (!('offset' in bound)) return bound.kind.toUpperCase()
    if (unit === 'range') throw new Refusal('no entry for such a frame')
    return `${countSql(bound.offset, scope)} ${bound.kind.toUpperCase()}`
  })
  if ('offset' in start && 'offset' in end) refuseEmptyFrame(start, end, scope)
  // What begins behind its end is refused there.
  if (end.kind === 'preceding' && start.kind === 'current row') throw new Refusal('a frame without rows')
  if (start.kind === 'following' && end.kind === 'current row') throw new Refusal('a frame without rows')
  return `${unit.toUpperCase()} BETWEEN ${bounds.join(' AND ')}`
}

/** A frame that begins behind its end has no rows; there it is an error. */
function refuseEmptyFrame(start: Frame['start'], end: Frame['end'], { values }: FragmentScope): void {
  const at = (bound: Frame['start']): number => {
    if (!('offset' in bound) || values === undefined) return 0
    return Number(values.valueOf(bound.offset)) * (bound.kind === 'preceding' ? -1 : 1)
  }
  if (at(start) > at(end)) throw new Refusal('a frame without rows')
}

/** A value of another row. */
export function windowValueSql(
  call: WindowCall,
  window: string,
  columns: ColumnTexts,
  scope: FragmentScope,
): ColumnText {
  const name = call.name.toLowerCase()
  const argument = need(call.arguments[0])
  if (!sameType(argument.type, call.type) || argument.type.name === 'null') {
    throw new Refusal(`no entry for ${call.text}`)
  }
  const column = columnSql(argument, columns, scope)
  const pick = pickOf(name, call, window, columns, scope)
  const text = pick(column.text, call.type)
  const { key, isPositive: _, ...facts } = column
  return { ...facts, text, ...(key === undefined ? {} : { key: pick(key, call.type) }) }
}

function pickOf(
  name: string,
  call: WindowCall,
  window: string,
  columns: ColumnTexts,
  scope: FragmentScope,
): (value: string, type: SqlType) => string {
  const [, count, fallback] = call.arguments
  if (name === 'lag' || name === 'lead') {
    const distance = count === undefined ? '1' : countSql(count, scope)
    const isOther = fallback !== undefined && (isText(call.type) || !sameType(fallback.type, call.type))
    if (isOther) throw new Refusal(`no entry for ${call.text}`)
    const other =
      fallback === undefined ? '' : `, ${castSql(columnSql(fallback, columns, scope).text, call.type)}`
    const frame = 'ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING'
    return (value, type) =>
      `${name}InFrame(${castSql(value, type)}, ${distance}${other}) OVER (${window} ${frame})`
  }
  if (name === 'first_value' || name === 'last_value') {
    const over = ` OVER (${window} ${frameSql(call.frame, scope)})`
    return (value, type) => `${name}_respect_nulls(${castSql(value, type)})${over}`
  }
  throw new Refusal(`no entry for ${name}`)
}
