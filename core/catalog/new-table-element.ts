import type { SqlType } from '../common/sql-type.js'
import type { ColumnDefault } from '../plan/schema.js'
import type { TableElement } from '../plan/syntax/definition.js'

/** A column whose type is known already: of CREATE TABLE … SELECT. */
export interface ReadyColumn {
  readonly kind: 'readyColumn'
  readonly name: string
  readonly type: SqlType
  readonly nullable: boolean
  readonly default: ColumnDefault
  readonly comment: string
}

/** What a new table is made of. */
export type NewTableElement = TableElement | ReadyColumn
