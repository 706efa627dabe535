/**
 * Copies the rows of a table to where its next definition has them, in bounded memory: between keyspaces, between drivers, and
 * across. Nobody sees the copy until the catalog names it.
 */
import { Batch } from '../../common/batch.js'
import { isPromise, type Value } from '../../common/value.js'
import type { TableDefinition } from '../../plan/schema.js'
import { primaryPlacementOf } from '../../plan/schema.js'
import { isTableStorage, type TableStorage } from '../../spi/storage.js'
import { FULL_RANGE, type RowCursor } from '../../spi/transaction.js'
import { copyTable, loadTable } from '../../transaction/bulk.js'
import type { DefinitionContext } from './definition-context.js'
import { requireStorage } from './publish.js'

export type ConvertRow = (row: readonly Value[]) => readonly Value[]

/** `to` exists in its driver already, if it has one. Rejects with ER_DUP_ENTRY and what `convert` throws. */
export async function moveRows(
  from: TableDefinition,
  to: TableDefinition,
  convert: ConvertRow,
  context: DefinitionContext,
): Promise<void> {
  const { environment } = context.transactions
  const source = requireStorage(context, primaryPlacementOf(from).storage)
  const target = requireStorage(context, primaryPlacementOf(to).storage)
  if (isTableStorage(target)) {
    const collector = new RowCollector(target, to, context)
    await readRows(from, context, (rows) => collector.add(rows.map(convert)))
    await collector.flush()
  } else if (isTableStorage(source)) await loadFromDriver(from, to, convert, context)
  else await copyTable(environment, from, to, convert, context.statement)
}

/** Hands all rows of a table to `visit`, some at a time. */
export async function readRows(
  table: TableDefinition,
  context: DefinitionContext,
  visit: (rows: readonly (readonly Value[])[]) => Promise<void> | undefined,
): Promise<void> {
  await withCursor(table, context, async (next) => {
    for (;;) {
      const rows = await next()
      if (rows === undefined) return
      const visited = visit(rows)
      if (visited !== undefined) await visited
    }
  })
}

type NextRows = () => Promise<readonly (readonly Value[])[] | undefined>

async function withCursor(
  table: TableDefinition,
  context: DefinitionContext,
  use: (next: NextRows) => Promise<void>,
): Promise<void> {
  const transaction = context.transactions.beginInternal()
  transaction.beginStatement(context.statement)
  try {
    const cursor = transaction.table(table).scan({
      index: undefined,
      ranges: [FULL_RANGE],
      reverse: false,
      columns: [...table.columns.keys()],
      filter: undefined,
      lock: 'none',
      lockWait: 'wait',
      limit: undefined,
      wantRowKeys: false,
    })
    try {
      await use(() => nextRows(cursor, context))
    } finally {
      const closed = cursor.close()
      if (isPromise(closed)) await closed
    }
  } finally {
    transaction.rollback()
  }
}

async function nextRows(
  cursor: RowCursor,
  context: DefinitionContext,
): Promise<readonly (readonly Value[])[] | undefined> {
  context.statement.checkKilled()
  const pending = cursor.next()
  const batch = isPromise(pending) ? await pending : pending
  // A batch may come at once again and again; others get their turn in between.
  if (!isPromise(pending)) await new Promise((resolve) => setImmediate(resolve))
  if (batch === undefined) return undefined
  return Array.from({ length: batch.rowCount }, (_, row) => batch.row(row))
}

async function loadFromDriver(
  from: TableDefinition,
  to: TableDefinition,
  convert: ConvertRow,
  context: DefinitionContext,
): Promise<void> {
  await withCursor(from, context, async (next) => {
    const converted = async (): Promise<readonly (readonly Value[])[] | undefined> =>
      (await next())?.map(convert)
    await loadTable(context.transactions.environment, to, converted, context.statement)
  })
}

/** Each write of a driver costs a trip and a flush: rows are handed over many at a time. */
const COLLECTED_ROWS_MAX = 32_768
const COLLECTED_BYTES_MAX = 16 * 2 ** 20

class RowCollector {
  private readonly batch: Batch

  constructor(
    private readonly storage: TableStorage,
    private readonly table: TableDefinition,
    private readonly context: DefinitionContext,
  ) {
    this.batch = Batch.ofTypes(table.columns.map((column) => column.type))
  }

  add(rows: readonly (readonly Value[])[]): Promise<void> | undefined {
    for (const row of rows) this.batch.pushRow(row)
    const isFull = this.batch.rowCount >= COLLECTED_ROWS_MAX || this.batch.byteSize >= COLLECTED_BYTES_MAX
    return isFull ? this.flush() : undefined
  }

  async flush(): Promise<void> {
    if (this.batch.rowCount === 0) return
    await this.storage.insert(this.table, this.batch, this.context.statement)
    this.batch.clear()
  }
}
