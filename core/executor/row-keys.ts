/**
 * Keys under which equal rows meet: in hash joins, grouping, DISTINCT and set operations. Two rows have the same key exactly if
 * their values are equal as SQL compares them (NULL equals NULL here; joins leave NULLs out beforehand).
 */
import type { Batch } from '../common/batch.js'
import { hashKeyOf } from '../common/comparison.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import { representationOf, type SqlType } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import type { Vector } from '../common/vector.js'

export type KeyPart = string | number | bigint | null
/** A key for a Map; primitive, so that equality is the Map's own. */
export type RowKey = string | number | bigint | null

export interface KeyColumn {
  readonly type: SqlType
  readonly evaluate: Evaluator
}

/** The key of a row by some expressions. One expression gives its own key, several are joined injectively. */
export function compileRowKey(
  columns: readonly KeyColumn[],
): (batch: Batch, row: number, context: EvaluationContext) => RowKey {
  const [first] = columns
  if (first !== undefined && columns.length === 1) {
    const part = partKey(first.type)
    const evaluate = first.evaluate
    return (batch, row, context) => part(evaluate(batch, row, context))
  }
  const parts = columns.map((column) => ({ evaluate: column.evaluate, part: partKey(column.type) }))
  return (batch, row, context) => {
    let key = ''
    for (const { evaluate, part } of parts) key += encodePart(part(evaluate(batch, row, context)))
    return key
  }
}

/** The key of a whole row of a batch. */
export function compileBatchKey(types: readonly SqlType[]): (batch: Batch, row: number) => RowKey {
  const parts = types.map(partKey)
  if (parts.length === 1) {
    const part = parts[0] as (value: Value) => KeyPart
    return (batch, row) => part((batch.columns[0] as Vector).get(row))
  }
  return (batch, row) => {
    let key = ''
    for (let i = 0; i < parts.length; i++) {
      key += encodePart((parts[i] as (value: Value) => KeyPart)((batch.columns[i] as Vector).get(row)))
    }
    return key
  }
}

function partKey(type: SqlType): (value: Value) => KeyPart {
  if (representationOf(type) === 'exact') return (value) => value as KeyPart
  const hash = hashKeyOf(type)
  return (value) => (value === null ? null : hash(value))
}

/** Length first, so that no two lists of parts give the same text. */
function encodePart(part: KeyPart): string {
  if (part === null) return '~;'
  if (typeof part === 'string') return `${part.length}:${part}`
  return `${String(part)};`
}
