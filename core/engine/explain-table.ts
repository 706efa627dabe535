/**
 * EXPLAIN in its traditional form, a row a table (MySQL manual 10.8.2).
 */
import { BIGINT_TYPE, DOUBLE_TYPE, textType } from '../common/sql-type.js'
import type { PreparedPlan } from './query-types.js'
import { plainColumn } from './result-columns.js'
import type { PlainResult } from './server-core.js'

const text = (length: number) => textType(length, 'utf8mb4_0900_ai_ci')

export function explainTable(plan: PreparedPlan): PlainResult {
  return {
    columns: [
      plainColumn('id', BIGINT_TYPE),
      plainColumn('select_type', text(19)),
      plainColumn('table', text(64)),
      plainColumn('partitions', text(1024)),
      plainColumn('type', text(10)),
      plainColumn('possible_keys', text(4096)),
      plainColumn('key', text(64)),
      plainColumn('key_len', text(4096)),
      plainColumn('ref', text(2048)),
      plainColumn('rows', BIGINT_TYPE),
      plainColumn('filtered', DOUBLE_TYPE),
      plainColumn('Extra', text(255)),
    ],
    rows: plan
      .explainRows()
      .map((row) => [
        row.id ?? null,
        row.selectType,
        row.table ?? null,
        row.partitions ?? null,
        row.type ?? null,
        row.possibleKeys ?? null,
        row.key ?? null,
        row.keyLength ?? null,
        row.ref ?? null,
        row.rows === undefined ? null : Math.round(row.rows),
        row.filtered ?? null,
        row.extra ?? null,
      ]),
  }
}
