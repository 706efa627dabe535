/**
 * Several writes to one table that become one. Rows wait in a table of the same form. When they are published, they are merged
 * into one part, and that part is linked into the table: a rename, which has happened or not, whoever is killed meanwhile. So
 * nothing has to be undone or completed after a crash but to drop what is left of stages.
 *
 * On a cluster each shard links its own part. That all of them do is noted in the cluster's queue of such statements before the first
 * one does: a crash from then on can't keep the others from it. Readers may see one shard's part earlier than another's.
 */
import type { Batch, StatementContext, TableStage } from '@switchyard/core/spi'
import type { ColumnEngine } from './column-engine.js'
import { stageName, tableName } from './sql-text.js'
import type { StoredTable } from './stored-table.js'
import { creationOf, dropOf, onCluster, rowsName } from './table-ddl.js'
import { StageState, type TableState } from './table-state.js'
import { TableWriter } from './table-writer.js'

type Guard = <T>(work: () => Promise<T>, statement?: StatementContext) => Promise<T>

export class ChdbStage implements TableStage {
  private readonly state: StageState
  private last: Promise<unknown> = Promise.resolve()

  private constructor(
    private readonly engine: ColumnEngine,
    private readonly cluster: string | undefined,
    private readonly stored: StoredTable,
    private readonly table: TableState,
    private readonly release: () => void,
    private readonly guarded: Guard,
  ) {
    this.state = new StageState(table)
  }

  /** Nobody else writes to the table until the stage has ended: what is unique now stays so. */
  static async create(
    engine: ColumnEngine,
    stored: StoredTable,
    table: TableState,
    statement: StatementContext,
    guarded: Guard,
  ): Promise<ChdbStage> {
    const { cluster } = await engine.layout()
    const release = await table.acquire(statement)
    try {
      const name = stageName(stored.table.id)
      // One may be left that could not be dropped.
      for (const sql of dropOf(name, cluster)) await engine.run(sql)
      // The merged part is the first that is acknowledged.
      for (const sql of creationOf(stored, cluster, name, true)) await engine.run(sql)
      return new ChdbStage(engine, cluster, stored, table, release, guarded)
    } catch (error) {
      release()
      throw error
    }
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

  async publish(statement: StatementContext): Promise<void> {
    const { id } = this.stored.table
    const { cluster } = this
    const [table, stage] = [rowsName(tableName(id), cluster), rowsName(stageName(id), cluster)]
    await this.next(statement, async () => {
      await this.engine.run(
        `OPTIMIZE TABLE ${stage}${onCluster(cluster)} FINAL SETTINGS optimize_throw_if_noop = 1, optimize_skip_merged_partitions = 1`,
        statement.signal,
      )
      statement.checkKilled()
      await this.state.publish()
      const into = `ALTER TABLE ${table}${onCluster(cluster)}`
      await this.engine.run(`${into} ATTACH PARTITION tuple() FROM ${stage}`)
      await this.engine.flushTable(table)
    })
    this.discard()
  }

  discard(): void {
    const drop = async (): Promise<void> => {
      try {
        for (const sql of dropOf(stageName(this.stored.table.id), this.cluster)) await this.engine.run(sql)
      } catch {
        // The next stage of the table drops it, or the next start.
      }
      this.release()
    }
    void this.last.then(drop, drop)
  }

  /** Runs a write whose rows go into the stage. */
  write(statement: StatementContext, work: (writer: TableWriter) => Promise<number>): Promise<number> {
    return this.next(statement, () =>
      work(new TableWriter(this.engine, this.stored, this.state, statement, 'stage')),
    )
  }

  /** Runs it; a `discard` that comes meanwhile waits. */
  private next<T>(statement: StatementContext, work: () => Promise<T>): Promise<T> {
    statement.checkKilled()
    const result = this.guarded(work, statement)
    this.last = result
    return result
  }
}
