/** Which parts of a scan the engine does exactly as MySQL would. */
import type {
  ColumnCondition,
  PushDown,
  ScanAnswer,
  ScanRequest,
  ColumnDefinition,
} from '@switchyard/core/spi'
import { columnAt } from './sql-text.js'
import { comparabilityOf } from './stored-type.js'

export function planPushDown(
  columns: readonly ColumnDefinition[],
  { conditions, order, limit }: ScanRequest,
): Pick<ScanAnswer, 'conditions' | 'order' | 'limit'> {
  const parts = conditions.map((condition) => conditionPushDown(columns, condition))
  const isOrdered = order.every(({ column }) => comparabilityOf(columnAt(columns, column).type) === 'exact')
  // A limit counts what is left: it can't be kept below a filter or an order that is done elsewhere.
  const isLimited = limit !== undefined && isOrdered && !parts.includes('no')
  return { conditions: parts, order: isOrdered ? 'exact' : 'no', limit: isLimited ? 'exact' : 'no' }
}

const EQUALITIES: ReadonlySet<ColumnCondition['operator']> = new Set(['=', '<=>', '<>', 'in'])

function conditionPushDown(
  columns: readonly ColumnDefinition[],
  { column, operator }: ColumnCondition,
): PushDown {
  if (operator === 'is null' || operator === 'is not null') return 'exact'
  const comparability = comparabilityOf(columnAt(columns, column).type)
  if (comparability === 'equal') return EQUALITIES.has(operator) ? 'exact' : 'no'
  return comparability
}
