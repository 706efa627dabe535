/**
 * Assignment to ENUM, SET and JSON columns.
 */
import { requireCollation } from './collations.js'
import { raise } from './conditions.js'
import { printJson, parseJson } from './json.js'
import { sqlError } from './sql-error.js'
import { isBinary, isString, sameType, type SqlType } from './sql-type.js'
import { compileWhole } from './store-number.js'
import type { NonNullStore } from './store.js'
import { exact } from './value.js'
import { textOf } from './value-text.js'

/** Finds a member by the column's collation, trailing spaces aside; 0 if there is none. */
function compileMemberIndex(column: SqlType): (text: string) => number {
  const collation = requireCollation(column.collation)
  const indexes = new Map<string, number>()
  ;(column.members ?? []).forEach((member, i) => {
    const key = collation.hashKey(member.trimEnd())
    if (!indexes.has(key)) indexes.set(key, i + 1)
  })
  const exactIndexes = new Map((column.members ?? []).map((member, i) => [member, i + 1]))
  return (text) => exactIndexes.get(text) ?? indexes.get(collation.hashKey(text.replace(/ +$/, ''))) ?? 0
}

function takesText(from: SqlType): boolean {
  return (
    isString(from) || ['enum', 'set', 'json', 'date', 'time', 'datetime', 'timestamp'].includes(from.name)
  )
}

export function compileStoreEnum(column: SqlType, from: SqlType): NonNullStore | undefined {
  const count = column.members?.length ?? 0
  if (!takesText(from)) {
    const wholeOf = compileWhole(from, true)
    return (value, context, name, row) => {
      const index = wholeOf(value, context)
      if (index >= 1 && index <= count) return index
      raise(context, 'WARN_DATA_TRUNCATED', name, row)
      return 0
    }
  }
  if (sameType(column, from)) return undefined
  const indexOf = compileMemberIndex(column)
  const text = textOf(from)
  return (value, context, name, row) => {
    const member = text(value, context)
    const index = indexOf(member)
    if (index > 0) return index
    // A text that is no member may be the number of one.
    const number = /^\s*\d+ *$/.test(member) ? Number(member) : 0
    if (number >= 1 && number <= count) return number
    raise(context, 'WARN_DATA_TRUNCATED', name, row)
    return 0
  }
}

export function compileStoreSet(column: SqlType, from: SqlType): NonNullStore | undefined {
  const count = column.members?.length ?? 0
  const all = (1n << BigInt(count)) - 1n
  if (!takesText(from)) {
    const wholeOf = compileWhole(from, true)
    return (value, context, name, row) => {
      const mask = wholeOf(value, context)
      if (mask >= 0 && mask <= all) return mask
      raise(context, 'WARN_DATA_TRUNCATED', name, row)
      return exact(BigInt.asUintN(64, BigInt(mask)) & all)
    }
  }
  if (sameType(column, from)) return undefined
  const indexOf = compileMemberIndex(column)
  const text = textOf(from)
  return (value, context, name, row) => {
    const list = text(value, context)
    if (list === '') return 0
    let mask = 0n
    let isComplete = true
    for (const member of list.split(',')) {
      const index = indexOf(member)
      if (index > 0) mask |= 1n << BigInt(index - 1)
      else isComplete = false
    }
    if (isComplete) return exact(mask)
    if (mask === 0n && /^\s*\d+$/.test(list) && BigInt(list) <= all) return exact(BigInt(list))
    raise(context, 'WARN_DATA_TRUNCATED', name, row)
    return exact(mask)
  }
}

/** A JSON column takes JSON and text that is JSON; anything else is an error in every mode. */
export function compileStoreJson(from: SqlType): NonNullStore | undefined {
  if (from.name === 'json') return undefined
  if (isBinary(from) || from.name === 'bit') {
    return () => {
      throw sqlError('ER_INVALID_JSON_CHARSET', 'binary')
    }
  }
  if (!isString(from)) {
    return (_value, _context, name) => {
      throw sqlError('ER_INVALID_JSON_TEXT', 'not a JSON text, may need CAST', 0, name)
    }
  }
  return (value, _context, name) => {
    const parsed = parseJson(value as string)
    if ('node' in parsed) return printJson(parsed.node)
    throw sqlError('ER_INVALID_JSON_TEXT', parsed.reason, parsed.position, name)
  }
}
