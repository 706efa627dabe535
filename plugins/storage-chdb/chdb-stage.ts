/**
 * Several writes to one table that become one. Rows wait in a table of the same form. When they are published, they are merged
 * into one part, and that part is linked into the table: a rename, which has happened or not, whoever is killed meanwhile. So
 * nothing has to be undone or completed after a crash but to drop what is left of stages. Changes that come alone are one write
 * anyhow, and go straight into the table, if that isn't spread over shards.
 *
 * On a cluster each shard links its own part. That all of them do is noted in the cluster's queue of such statements before the first
 * one does: a crash from then on can't keep the others from it. Readers may see one shard's part earlier than another's.
 */
import {
  Batch,
  type BatchCursor,
  type DuplicateRow,
  type IndexDefinition,
  type RowChanges,
  type StatementContext,
  type TableStage,
} from '@switchyard/core/spi'
import { BlockCursor } from './block-cursor.js'
import type { ColumnEngine, Layout } from './column-engine.js'
import { columnAt, STAGE_SETTINGS, stageName, tableName } from './sql-text.js'
import type { StoredTable } from './stored-table.js'
import { creationOf, dropOf, onCluster, rowsName } from './table-ddl.js'
import { StageState, type TableState } from './table-state.js'
import { TableWriter, withoutRows } from './table-writer.js'
import { directSink, WriteBehind } from './write-behind.js'

type Guard = <T>(work: () => Promise<T>, statement?: StatementContext) => Promise<T>

export class ChdbStage implements TableStage {
  private readonly state: StageState
  private readonly behind: WriteBehind
  private last: Promise<unknown> = Promise.resolve()
  private hasTable = false
  private mayMerge = false
  /** The first changes, as long as nothing else follows. */
  private held: RowChanges | undefined

  private constructor(
    private readonly engine: ColumnEngine,
    private readonly layout: Layout,
    private readonly stored: StoredTable,
    private readonly table: TableState,
    private readonly release: () => void,
    private readonly guarded: Guard,
  ) {
    this.state = new StageState(table)
    this.behind = new WriteBehind(engine)
  }

  /** Nobody else writes to the table until the stage has ended: what is unique now stays so. */
  static async create(
    engine: ColumnEngine,
    stored: StoredTable,
    table: TableState,
    statement: StatementContext,
    guarded: Guard,
  ): Promise<ChdbStage> {
    const layout = await engine.layout()
    return new ChdbStage(engine, layout, stored, table, await table.acquire(statement), guarded)
  }

  insert(rows: Batch, statement: StatementContext): Promise<number> {
    return this.write(statement, (writer) => writer.insert(rows))
  }

  delete(keys: Batch, statement: StatementContext): Promise<number> {
    return this.write(statement, (writer) => writer.delete(keys))
  }

  update(keys: Batch, rows: Batch, statement: StatementContext): Promise<number> {
    return this.write(statement, (writer) => writer.update(keys, rows))
  }

  insertNew(rows: Batch, statement: StatementContext): Promise<readonly DuplicateRow[]> {
    return this.next(statement, async () => {
      await this.writeHeld(statement)
      const duplicates = await this.writer(statement).duplicatesIn(rows)
      const added = withoutRows(rows, duplicates)
      if (this.canHold) this.held = { added: copyOf(added), replaced: NO_CHANGES, gone: NO_CHANGES }
      else {
        await this.makeTable()
        await this.writer(statement).add(added)
        await this.limitParts()
      }
      return duplicates
    })
  }

  find(
    index: IndexDefinition,
    keys: Batch,
    columns: readonly number[],
    statement: StatementContext,
  ): Promise<BatchCursor> {
    return this.next(statement, async () => {
      await this.writeHeld(statement)
      const definitions = columns.map((column) => columnAt(this.stored.columns, column))
      const stream = await this.writer(statement).find(index, keys, definitions)
      if (stream === undefined) return NO_ROWS
      const types = definitions.map((column) => column.type)
      return new BlockCursor(stream, types, (work) => this.guarded(work, statement))
    })
  }

  put(changes: RowChanges, statement: StatementContext): Promise<void> {
    return this.next(statement, async () => {
      await this.writeHeld(statement)
      if (this.canHold) {
        this.held = changes
        return
      }
      await this.makeTable()
      await this.writer(statement).put(changes)
      await this.limitParts()
    })
  }

  /** Whether nothing was written so far, and what comes may turn out to be all. */
  private get canHold(): boolean {
    return !this.hasTable && this.layout.shardCount === 1
  }

  async publish(statement: StatementContext): Promise<void> {
    await this.next(statement, () => (this.hasTable ? this.link(statement) : this.writeThrough(statement)))
    this.discard()
  }

  discard(): void {
    const drop = async (): Promise<void> => {
      await this.behind.abandon()
      try {
        if (this.hasTable) await this.dropTable()
      } catch {
        // The next stage of the table drops it, or the next start.
      }
      this.release()
    }
    void this.last.then(drop, drop)
  }

  /** Nothing else came: the changes are one write to the table. */
  private async writeThrough(statement: StatementContext): Promise<void> {
    const { held } = this
    this.held = undefined
    if (held !== undefined)
      await new TableWriter(directSink(this.engine), this.stored, this.table, statement).put(held)
  }

  private async link(statement: StatementContext): Promise<void> {
    const { id } = this.stored.table
    const { cluster } = this.layout
    const [table, stage] = [rowsName(tableName(id), cluster), rowsName(stageName(id), cluster)]
    await this.behind.settled()
    const isFirst = cluster === undefined && this.table.isEmpty
    if (isFirst) await this.letMerge()
    else {
      await this.engine.run(
        `OPTIMIZE TABLE ${stage}${onCluster(cluster)} FINAL SETTINGS optimize_throw_if_noop = 1, optimize_skip_merged_partitions = 1`,
        statement.signal,
      )
    }
    statement.checkKilled()
    await this.state.publish()
    // What is empty needs nothing but to change places.
    if (isFirst) await this.engine.run(`EXCHANGE TABLES ${table} AND ${stage}`)
    else
      await this.engine.run(
        `ALTER TABLE ${table}${onCluster(cluster)} ATTACH PARTITION tuple() FROM ${stage}`,
      )
    await this.engine.flushTable(table)
  }

  /** The engine refuses inserts into tables of thousands of parts. */
  private async limitParts(): Promise<void> {
    if (this.behind.partCount > PARTS_MAX) await this.letMerge()
  }

  /** From now on its parts are merged in the background as any table's. */
  private async letMerge(): Promise<void> {
    if (this.mayMerge) return
    this.mayMerge = true
    const { cluster } = this.layout
    const stage = rowsName(stageName(this.stored.table.id), cluster)
    const settings = Object.keys(STAGE_SETTINGS).join(', ')
    await this.engine.run(`ALTER TABLE ${stage}${onCluster(cluster)} RESET SETTING ${settings}`)
  }

  private async writeHeld(statement: StatementContext): Promise<void> {
    const { held } = this
    if (held === undefined) return
    this.held = undefined
    await this.makeTable()
    await this.writer(statement).put(held)
  }

  private async makeTable(): Promise<void> {
    if (this.hasTable) return
    this.hasTable = true
    const name = stageName(this.stored.table.id)
    // One may be left that could not be dropped.
    await this.dropTable()
    // The merged part is the first that is acknowledged.
    const { dictionaries } = this.state
    const form = { name, dictionaries, isStage: true, cluster: this.layout.cluster }
    for (const sql of creationOf(this.stored, form)) await this.engine.run(sql)
  }

  private async dropTable(): Promise<void> {
    const name = stageName(this.stored.table.id)
    for (const sql of dropOf(name, this.layout.cluster)) await this.engine.run(sql)
  }

  private writer(statement: StatementContext): TableWriter {
    const target = this.hasTable ? 'stage' : 'table'
    return new TableWriter(this.behind, this.stored, this.state, statement, target)
  }

  /** Runs a write whose rows go into the stage. */
  write(statement: StatementContext, work: (writer: TableWriter) => Promise<number>): Promise<number> {
    return this.next(statement, async () => {
      await this.writeHeld(statement)
      await this.makeTable()
      const count = await work(this.writer(statement))
      await this.limitParts()
      return count
    })
  }

  /** Runs it; a `discard` that comes meanwhile waits. */
  private next<T>(statement: StatementContext, work: () => Promise<T>): Promise<T> {
    statement.checkKilled()
    const result = this.guarded(work, statement)
    this.last = result
    return result
  }
}

/** So many parts are left to be merged when all are there. */
const PARTS_MAX = 256
const NO_CHANGES = new Batch([])
const NO_ROWS: BatchCursor = { next: () => undefined, close: () => undefined }

function copyOf(rows: Batch): Batch {
  const copy = Batch.ofTypes(rows.columns.map((column) => column.type))
  copy.pushAll(rows)
  return copy
}
