/**
 * Which equalities the executor's hash join can use: its keys are equal exactly where the comparison finds its operands equal.
 */
import type { SqlType } from '../common/sql-type.js'

const INTEGERS: ReadonlySet<string> = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'year'])

export function isHashable(a: SqlType, b: SqlType): boolean {
  if (a.name !== b.name) return INTEGERS.has(a.name) && INTEGERS.has(b.name)
  return a.scale === b.scale && a.collation === b.collation && a.members === b.members
}
