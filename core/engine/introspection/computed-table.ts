/**
 * Computed tables: listings under a name in information_schema, performance_schema or mysql, that queries read like other tables.
 */
import { Batch } from '../../common/batch.js'
import { isPromise, type MaybePromise, type Value } from '../../common/value.js'
import type { VirtualTable } from '../../plan/logical.js'
import type { Listing, ListingFilter, ListingRequest } from './listing.js'

export interface ComputedTable extends VirtualTable {
  /** What an equality with a constant spares the walk, by the column's position. */
  readonly prunes: readonly (keyof ListingFilter | undefined)[]
  /** All rows that the request's account may see. Of columns other than those `wanted` the values are NULL. */
  read(request: ListingRequest, wanted: readonly number[]): MaybePromise<Batch>
}

/** How many rows are charged to the statement's memory at a time. */
const ROWS_PER_CHARGE = 1024

export function computedTable<Row>(database: string, name: string, listing: Listing<Row>): ComputedTable {
  const { columns, walk } = listing
  return {
    database,
    name,
    columns: columns.map((column) => ({
      name: column.name,
      type: column.type,
      nullable: column.nullable,
    })),
    prunes: columns.map((column) => column.prunes),
    read: (request, wanted) => {
      const isWanted = columns.map((_, i) => wanted.includes(i))
      request.needsFigures = columns.some((column, i) => isWanted[i] === true && column.ofFigures === true)
      const batch = Batch.ofTypes(columns.map((column) => column.type))
      let charged = 0
      const charge = (): void => {
        const size = batch.byteSize
        request.statement.memory.charge(size - charged, `${database}.${name}`)
        charged = size
      }
      const walked = walk(request, (row) => {
        batch.pushRow(columns.map((column, i) => (isWanted[i] === true ? column.value(row, request) : null)))
        if (batch.rowCount % ROWS_PER_CHARGE === 0) charge()
      })
      if (!isPromise(walked)) {
        charge()
        return batch
      }
      return walked.then(() => {
        charge()
        return batch
      })
    },
  }
}

/**
 * What equalities of a query leave to walk; undefined if no row can be equal. Names end in no space, and PAD SPACE
 * collations don't count those of the constant.
 */
export function filterOf(
  table: ComputedTable,
  equalities: readonly { readonly column: number; readonly value: Value }[],
): ListingFilter | undefined {
  const filter: { database: string | undefined; relation: string | undefined } = {
    database: undefined,
    relation: undefined,
  }
  for (const { column, value } of equalities) {
    const prunes = table.prunes[column]
    if (value === null) return undefined
    if (prunes === undefined || typeof value !== 'string') continue
    const name = value.replace(/ +$/, '')
    if (filter[prunes] !== undefined && filter[prunes] !== name) return undefined
    filter[prunes] = name
  }
  return filter
}
