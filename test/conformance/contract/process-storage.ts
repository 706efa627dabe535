/**
 * A table driver whose rows lie in another process, which also runs whole fragments: the shape of a driver for an
 * embedded column engine. It is for the proof that the interface is enough for one, not for use.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { deserialize } from 'node:v8'
import {
  Batch,
  sqlError,
  type BatchCursor,
  type Fragment,
  type FragmentAnswer,
  type ScanAnswer,
  type ScanRequest,
  type SqlType,
  type StatementContext,
  type TableDefinition,
  type TableStatistics,
  type TableStorage,
  type Value,
} from '@switchyard/core/spi'
import { sourceFlags } from '../../support/child-program.js'
import { framed, readMessages, type Answer, type Request } from './messages.js'
import { programOf, Refusal, type Program } from './program.js'

export class ProcessStorage implements TableStorage {
  readonly comment = 'Rows in another process, for tests'
  readonly capabilities = {
    shape: 'table',
    durable: false,
    transactions: 'autocommit',
    fragments: true,
    writable: true,
    keyBytesMax: 0,
  } as const
  /** Fragments that ran so far. */
  fragmentRuns = 0
  private child: ChildProcess | undefined
  private readonly waiting = new Map<number, (answer: Answer | Error) => void>()
  private lastId = 0

  constructor(readonly name: string) {}

  async start(): Promise<void> {
    const child = spawn(process.execPath, sourceFlags('test/conformance/contract/store-child.ts'), {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.child = child
    readMessages(child.stdout, (message) => {
      const answer = message as Answer
      this.waiting.get(answer.id)?.(answer)
      this.waiting.delete(answer.id)
    })
    child.once('exit', () => {
      for (const settle of this.waiting.values()) settle(new Error('it ended'))
      this.waiting.clear()
    })
    await this.count({ kind: 'cursors' })
  }

  async stop(): Promise<void> {
    const { child } = this
    if (child?.exitCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.stdin?.end()
    await ended
  }

  createTable(table: TableDefinition): Promise<void> {
    return this.tell({ kind: 'create', table: table.id })
  }

  dropTable(table: number): Promise<void> {
    return this.tell({ kind: 'drop', table })
  }

  truncateTable(table: TableDefinition): Promise<void> {
    return this.tell({ kind: 'truncate', table: table.id })
  }

  planScan(_table: TableDefinition, request: ScanRequest): ScanAnswer {
    return {
      conditions: request.conditions.map(() => 'no'),
      order: 'no',
      limit: 'no',
      rows: 1000,
      cost: 5000,
    }
  }

  openScan(table: TableDefinition, request: ScanRequest, statement: StatementContext): Promise<BatchCursor> {
    const types = request.columns.flatMap((column) => table.columns[column]?.type ?? [])
    return this.open({ kind: 'scan', table: table.id, columns: request.columns }, types, statement)
  }

  insert(table: TableDefinition, rows: Batch): Promise<number> {
    return this.change('insert', table, undefined, rows)
  }

  delete(table: TableDefinition, keys: Batch): Promise<number> {
    return this.change('delete', table, keys, undefined)
  }

  update(table: TableDefinition, keys: Batch, rows: Batch): Promise<number> {
    return this.change('update', table, keys, rows)
  }

  async statistics(table: TableDefinition): Promise<TableStatistics> {
    const rows = await this.count({ kind: 'count', table: table.id })
    return { rows, bytes: rows * 100, cardinality: [] }
  }

  planFragment(fragment: Fragment): FragmentAnswer {
    try {
      return { accepted: true, rows: 1, cost: 1, text: JSON.stringify(programOf(fragment, [])) }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { accepted: false, reason: error.message }
    }
  }

  runFragment(fragment: Fragment, statement: StatementContext): Promise<BatchCursor> {
    this.fragmentRuns++
    const program = programOf(fragment, statement.evaluation.parameters)
    return this.open(
      program,
      fragment.columns.map((column) => column.type),
      statement,
    )
  }

  // ── For the tests ───────────────────────────────────────────────────────────────────────────────────────────

  /** Cursors that the child has open. */
  openCursors(): Promise<number> {
    return this.count({ kind: 'cursors' })
  }

  /** Makes the next cursor fail or fall silent behind so many batches. */
  trouble(kind: 'fail' | 'stall', batches: number): Promise<void> {
    return this.tell({ kind, batches })
  }

  // ── The other process ───────────────────────────────────────────────────────────────────────────────────────

  async count(request: Request): Promise<number> {
    const answer = await this.send(++this.lastId, request)
    return 'count' in answer ? answer.count : 0
  }

  /** Rejects with the child's error. */
  async send(id: number, request: Request): Promise<Answer> {
    const answer = await new Promise<Answer | Error>((resolve) => {
      this.waiting.set(id, resolve)
      this.child?.stdin?.write(framed({ id, request }))
    })
    if (answer instanceof Error) throw sqlError('ER_STORAGE_UNAVAILABLE', this.name, answer.message)
    if ('error' in answer) throw sqlError(answer.error, ...answer.arguments)
    return answer
  }

  nextId(): number {
    return ++this.lastId
  }

  private async tell(request: Request): Promise<void> {
    await this.count(request)
  }

  private change(
    kind: 'insert' | 'update' | 'delete',
    table: TableDefinition,
    keys: Batch | undefined,
    rows: Batch | undefined,
  ): Promise<number> {
    const primary = table.indexes.find((index) => index.primary)
    return this.count({
      kind,
      table: table.id,
      name: table.name,
      keyColumns: primary?.parts.map((part) => part.column) ?? [],
      keys: rowsOf(keys),
      rows: rowsOf(rows),
    })
  }

  private async open(
    program: Program,
    types: readonly SqlType[],
    statement: StatementContext,
  ): Promise<BatchCursor> {
    const id = this.nextId()
    await this.send(id, { kind: 'open', program })
    return new ProcessCursor(this, id, types, statement)
  }
}

class ProcessCursor implements BatchCursor {
  private readonly batch: Batch

  constructor(
    private readonly storage: ProcessStorage,
    private readonly id: number,
    types: readonly SqlType[],
    private readonly statement: StatementContext,
  ) {
    this.batch = Batch.ofTypes(types)
  }

  async next(): Promise<Batch | undefined> {
    this.statement.checkKilled()
    const { signal } = this.statement
    const cancel = (): void => void this.close()
    signal.addEventListener('abort', cancel)
    try {
      const answer = await this.storage.send(this.storage.nextId(), { kind: 'next', cursor: this.id })
      this.statement.checkKilled()
      const rows = 'batch' in answer ? (deserialize(answer.batch) as readonly (readonly Value[])[]) : []
      this.batch.clear()
      for (const row of rows) this.batch.pushRow(row)
      return rows.length === 0 ? undefined : this.batch
    } finally {
      signal.removeEventListener('abort', cancel)
    }
  }

  async close(): Promise<void> {
    await this.storage.send(this.storage.nextId(), { kind: 'close', cursor: this.id })
  }
}

function rowsOf(batch: Batch | undefined): readonly (readonly Value[])[] {
  return Array.from({ length: batch?.rowCount ?? 0 }, (_, row) => batch?.row(row) ?? [])
}
