/**
 * A listing is a table whose rows are computed when somebody asks: its columns, each with the function that finds its value in
 * a source row, and the walk over the source rows. Tables of information_schema and the results of SHOW are both made so, over the
 * same walks.
 */
import type { Account } from '../../catalog/account.js'
import type { SqlType } from '../../common/sql-type.js'
import type { MaybePromise, Value } from '../../common/value.js'
import type { StatementContext } from '../../spi/statement-context.js'
import type { EngineSession } from '../session.js'
import type { IntrospectionServices } from './services.js'

/** Which databases and relations the asker wants to hear of; undefined for all. Walks may tell more than that. */
export interface ListingFilter {
  readonly database: string | undefined
  readonly relation: string | undefined
}

export const EVERYTHING: ListingFilter = { database: undefined, relation: undefined }

/** What one walk may use, and for whom it is. */
export class ListingRequest {
  private sliceStartMs = performance.now()
  /** Whether sizes and counters of tables are asked for, which their storages have to be asked for in turn. */
  needsFigures = true

  constructor(
    readonly services: IntrospectionServices,
    readonly session: EngineSession,
    readonly statement: StatementContext,
    readonly filter: ListingFilter,
    /** What becomes of errors of a catalog or storage that can't answer: a warning, or the statement's error. */
    readonly onError: 'warn' | 'throw' = 'warn',
  ) {}

  /** The account whose privileges decide what is seen. */
  get account(): Account {
    return this.services.access.of(this.session)
  }

  /**
   * Checks for KILL, and lets the event loop turn when the walk has had it for long. To be called for every relation, not for
   * every row.
   */
  pause(): MaybePromise<void> {
    this.statement.checkKilled()
    if (performance.now() - this.sliceStartMs < SLICE_MS) return undefined
    return new Promise((resolve) => {
      setImmediate(() => {
        this.sliceStartMs = performance.now()
        resolve()
      })
    })
  }
}

const SLICE_MS = 5

export interface ListingColumn<Row> {
  readonly name: string
  readonly type: SqlType
  readonly nullable: boolean
  readonly value: (row: Row, request: ListingRequest) => Value
  /** `column = constant` in a query over this column limits the walk to that database or relation. */
  readonly prunes?: keyof ListingFilter
  /** The value comes from what the table's storage tells. */
  readonly ofFigures?: true
}

export type Emit<Row> = (row: Row) => void

export interface Listing<Row> {
  readonly columns: readonly ListingColumn<Row>[]
  readonly walk: (request: ListingRequest, emit: Emit<Row>) => MaybePromise<void>
}

/** For tables about things that this server doesn't have. */
export const nothing = (): undefined => undefined

/** The rows of a listing, as values in its columns' types. */
export async function rowsOf<Row>(
  { columns, walk }: Listing<Row>,
  request: ListingRequest,
): Promise<(readonly Value[])[]> {
  const rows: (readonly Value[])[] = []
  await walk(request, (row) => {
    rows.push(columns.map((column) => column.value(row, request)))
  })
  return rows
}
