import type { PartitionDefinition, PartitionFunction, Partitioning } from '../plan/syntax/definition.js'
import type { Expression } from '../plan/syntax/expression.js'
import type { Cursor } from './cursor.js'
import { parseInteger, parseList, parseNameList } from './names.js'
import { BITS } from './precedence.js'
import { parseSpacedTableOptions } from './table-options.js'

/** PARTITION BY (manual, chapter 26). */

/** `[PARTITION BY …]`. */
export function parsePartitioning(cursor: Cursor): Partitioning | undefined {
  const { start } = cursor
  if (!cursor.acceptBoth('PARTITION', 'BY')) return undefined
  const by = parseFunction(cursor)
  const partitionCount = cursor.accept('PARTITIONS') ? parseInteger(cursor) : undefined
  let subpartition: PartitionFunction | undefined
  let subpartitionCount: number | undefined
  if (cursor.acceptBoth('SUBPARTITION', 'BY')) {
    subpartition = parseFunction(cursor)
    if (subpartition.method === 'range' || subpartition.method === 'list') cursor.fail()
    subpartitionCount = cursor.accept('SUBPARTITIONS') ? parseInteger(cursor) : undefined
  }
  const partitions = cursor.is('(') ? parsePartitionDefinitions(cursor) : []
  const end = cursor.previousEnd
  return { by, partitionCount, subpartition, subpartitionCount, partitions, start, end }
}

function parseFunction(cursor: Cursor): PartitionFunction {
  const { start } = cursor
  const linear = cursor.accept('LINEAR')
  const method = linear
    ? cursor.expectOneOf('HASH', 'KEY')
    : cursor.expectOneOf('HASH', 'KEY', 'RANGE', 'LIST')
  const algorithm = method === 'KEY' ? parseKeyAlgorithm(cursor) : undefined
  let expression: Expression | undefined
  let columns: string[] | undefined
  if (method === 'KEY' || (method !== 'HASH' && cursor.accept('COLUMNS'))) {
    columns = method === 'KEY' ? parseMaybeEmptyNames(cursor) : parseNameList(cursor)
  } else {
    cursor.expect('(')
    expression = cursor.grammar.expression(cursor, BITS)
    cursor.expect(')')
  }
  const end = cursor.previousEnd
  return { method: METHODS[method], linear, algorithm, expression, columns, start, end }
}

const METHODS = { HASH: 'hash', KEY: 'key', RANGE: 'range', LIST: 'list' } as const

function parseKeyAlgorithm(cursor: Cursor): number | undefined {
  if (!cursor.accept('ALGORITHM')) return undefined
  cursor.expect('=')
  return parseInteger(cursor)
}

/** `()` uses the primary key. */
function parseMaybeEmptyNames(cursor: Cursor): string[] {
  if (!cursor.is('(') || cursor.peek(1) !== ')') return parseNameList(cursor)
  cursor.advance()
  cursor.advance()
  return []
}

/** `(PARTITION name …, …)`. */
export function parsePartitionDefinitions(cursor: Cursor): PartitionDefinition[] {
  cursor.expect('(')
  const definitions = parseList(cursor, parsePartitionDefinition)
  cursor.expect(')')
  return definitions
}

function parsePartitionDefinition(cursor: Cursor): PartitionDefinition {
  const { start } = cursor
  cursor.expect('PARTITION')
  const name = cursor.identifier()
  const values = cursor.accept('VALUES') ? parsePartitionValues(cursor) : undefined
  const options = parseSpacedTableOptions(cursor) ?? {}
  const subpartitions = cursor.is('(') ? parseSubpartitions(cursor) : []
  return { name, values, options, subpartitions, start, end: cursor.previousEnd }
}

function parsePartitionValues(cursor: Cursor): NonNullable<PartitionDefinition['values']> {
  if (cursor.accept('LESS')) {
    cursor.expect('THAN')
    if (cursor.accept('MAXVALUE')) return { kind: 'lessThan', values: ['maxvalue'] }
    cursor.expect('(')
    const values = parseList(cursor, parseBound)
    cursor.expect(')')
    return { kind: 'lessThan', values }
  }
  cursor.expectAll('IN', '(')
  const rows = parseList(cursor, parsePartitionRow)
  cursor.expect(')')
  return { kind: 'in', rows }
}

function parseBound(cursor: Cursor): Expression | 'maxvalue' {
  return cursor.accept('MAXVALUE') ? 'maxvalue' : cursor.grammar.expression(cursor, BITS)
}

/** One value, or the values of several columns in parentheses. */
function parsePartitionRow(cursor: Cursor): Expression[] {
  const value = cursor.grammar.expression(cursor, BITS)
  return value.kind === 'row' ? [...value.items] : [value]
}

function parseSubpartitions(cursor: Cursor): PartitionDefinition['subpartitions'] {
  cursor.expect('(')
  const subpartitions = parseList(cursor, (c) => {
    c.expect('SUBPARTITION')
    return { name: c.identifierOrString(), options: parseSpacedTableOptions(c) ?? {} }
  })
  cursor.expect(')')
  return subpartitions
}
