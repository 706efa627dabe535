/** Which parts of a scan the engine does exactly as MySQL would. */
import type {
  ColumnCondition,
  PushDown,
  ScanAnswer,
  ScanRequest,
  TableDefinition,
} from '@switchyard/core/spi'
import { columnAt } from './sql-text.js'
import { comparabilityOf } from './stored-type.js'

export function planPushDown(
  table: TableDefinition,
  { conditions, order, limit }: ScanRequest,
): Pick<ScanAnswer, 'conditions' | 'order' | 'limit'> {
  const parts = conditions.map((condition) => conditionPushDown(table, condition))
  const isOrdered = order.every(({ column }) => comparabilityOf(columnAt(table, column).type) === 'exact')
  // A limit counts what is left: it can't be kept below a filter or an order that is done elsewhere.
  const isLimited = limit !== undefined && isOrdered && !parts.includes('no')
  return { conditions: parts, order: isOrdered ? 'exact' : 'no', limit: isLimited ? 'exact' : 'no' }
}

const EQUALITIES: ReadonlySet<ColumnCondition['operator']> = new Set(['=', '<=>', '<>', 'in'])

function conditionPushDown(table: TableDefinition, { column, operator }: ColumnCondition): PushDown {
  if (operator === 'is null' || operator === 'is not null') return 'exact'
  const comparability = comparabilityOf(columnAt(table, column).type)
  if (comparability === 'trimmed') return EQUALITIES.has(operator) ? 'exact' : 'no'
  return comparability
}
