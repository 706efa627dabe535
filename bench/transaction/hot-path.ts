/**
 * What transactions cost the processor, on LMDB and in memory: sysbench's table (id, k, c, pad; an index on k), point
 * reads, scans, autocommit updates and inserts, one at a time and without the log's write. Prints the mean of each.
 *
 *     npm run bench bench/transaction/hot-path.ts [rows] [part of a name]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  Batch,
  INT_TYPE,
  textType,
  type EvaluationContext,
  type IndexDefinition,
  type KeyspaceStorage,
  type StatementContext,
  type TableDefinition,
  type TableScan,
  type TransactionOptions,
  type Value,
} from '@switchyard/core/spi'
import { CoreTransactionManager } from '../../core/transaction/transaction-manager.js'
import { MemoryCommitLog } from '../../core/transaction/commit-log.js'
import { LmdbStorage } from '../../plugins/storage-lmdb/lmdb-storage.js'
import { MemoryStorage } from '../../plugins/storage-memory/memory-storage.js'

const ROWS = Number(process.argv[2] ?? 100_000)
const ROUNDS = 100_000
/** Only measurements whose names hold this. */
const WANTED = process.argv[3] ?? ''

const AUTOCOMMIT: TransactionOptions = {
  isolation: 'REPEATABLE READ',
  readOnly: false,
  autocommit: true,
  consistentSnapshot: false,
  lockWaitTimeoutMs: 50_000,
  connectionId: 1,
}

const STATEMENT: StatementContext = {
  evaluation: {} as EvaluationContext,
  deadlineMs: Infinity,
  signal: new AbortController().signal,
  onStop: () => undefined,
  offStop: () => undefined,
  checkKilled: () => undefined,
  memory: { used: 0, limitBytes: Infinity, charge: () => undefined, fits: () => true },
  warn: () => undefined,
  warnError: () => undefined,
}

function sysbenchTable(storage: string): TableDefinition {
  const text = (length: number) => textType(length, 'utf8mb4_0900_ai_ci')
  const column = (id: number, name: string, type: TableDefinition['columns'][number]['type']) => ({
    id,
    name,
    type,
    nullable: false,
    default: { kind: 'none' } as const,
    autoIncrement: id === 1,
    onUpdateNow: false,
    generated: undefined,
    comment: '',
    invisible: false,
  })
  const index = (id: number, name: string, at: number): IndexDefinition => ({
    id,
    name,
    primary: at === 0,
    unique: at === 0,
    parts: [{ column: at, prefixLength: undefined, descending: false }],
    visible: true,
    comment: '',
    algorithm: undefined,
    collationVersions: [],
  })
  return {
    kind: 'table',
    id: 1001,
    version: 1,
    database: 'test',
    name: 'sbtest1',
    columns: [
      column(1, 'id', INT_TYPE),
      column(2, 'k', INT_TYPE),
      column(3, 'c', text(120)),
      column(4, 'pad', text(60)),
    ],
    indexes: [index(1002, 'PRIMARY', 0), index(1003, 'k', 1)],
    foreignKeys: [],
    checks: [],
    placements: [{ id: 1004, storage, role: 'primary', feed: 'none', state: 'active' }],
    charset: 'utf8mb4',
    collation: 'utf8mb4_0900_ai_ci',
    comment: '',
    temporary: false,
    engineAsWritten: undefined,
    options: {},
    createdAtMicros: 0,
  }
}

const C =
  '68487932199-96439406143-93774651418-41631865787-96406072701-20604855487-25459966574-28203206787-41238978918-19503783441'
const PAD = '22195207048-70116052123-74140395089-76317954521-98694025897'
let seed = 1
const random = (below: number): number => (seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff) % below
const rowOf = (id: number): Value[] => [id, random(ROWS), C, PAD]

async function measure(name: string, count: number, run: () => unknown): Promise<void> {
  if (!name.includes(WANTED)) return
  await repeat(count / 10, run)
  const start = process.cpuUsage()
  const startedMs = performance.now()
  await repeat(count, run)
  const elapsedMs = performance.now() - startedMs
  const { user, system } = process.cpuUsage(start)
  const micros = (elapsedMs * 1000) / count
  const cpuMicros = (user + system) / count
  console.log(
    `  ${name.padEnd(52)} ${micros.toFixed(2).padStart(8)} µs   cpu of all threads ${cpuMicros.toFixed(2)} µs`,
  )
}

/** Gives way to background work now and then, as a server does between packets. */
async function repeat(count: number, run: () => unknown): Promise<void> {
  for (let i = 0; i < count; i++) {
    const done = run()
    if (done instanceof Promise) await done
    if (i % 64 === 0) await new Promise(setImmediate)
  }
}

class Workload {
  private readonly columns = [0, 1, 2, 3]
  private readonly output: Batch
  private readonly keyIndex: IndexDefinition | undefined

  constructor(
    private readonly manager: CoreTransactionManager,
    private readonly table: TableDefinition,
  ) {
    this.output = Batch.ofTypes(table.columns.map((column) => column.type))
    this.keyIndex = table.indexes[1]
  }

  async load(): Promise<void> {
    const transaction = this.manager.begin({ ...AUTOCOMMIT, autocommit: false })
    transaction.beginStatement(STATEMENT)
    const access = transaction.table(this.table)
    const start = performance.now()
    for (let id = 1; id <= ROWS; id++) {
      const done = access.insert(rowOf(id), 'throw')
      if (done instanceof Promise) await done
    }
    const insertedMs = performance.now() - start
    const done = transaction.commit()
    if (done instanceof Promise) await done
    console.log(
      `  ${'insert of all rows in one transaction, each'.padEnd(52)} ${((insertedMs * 1000) / ROWS).toFixed(2).padStart(8)} µs`,
    )
  }

  readonly pointRead = (): void => {
    const transaction = this.manager.begin(AUTOCOMMIT)
    transaction.beginStatement(STATEMENT)
    this.output.clear()
    void transaction.table(this.table).lookup(undefined, [1 + random(ROWS)], this.columns, this.output)
    transaction.endStatement(true)
    void transaction.commit()
  }

  readonly lookupsOnly = (): (() => void) => {
    const transaction = this.manager.begin(AUTOCOMMIT)
    transaction.beginStatement(STATEMENT)
    const access = transaction.table(this.table)
    return () => {
      this.output.clear()
      void access.lookup(undefined, [1 + random(ROWS)], this.columns, this.output)
    }
  }

  private readonly point = (id: number): TableScan => ({
    index: undefined,
    ranges: [{ lower: [id], lowerInclusive: true, upper: [id], upperInclusive: true }],
    reverse: false,
    columns: this.columns,
    filter: undefined,
    lock: 'exclusive',
    lockWait: 'wait',
    limit: undefined,
    wantRowKeys: true,
  })

  private update(change: (row: Value[]) => void): void | Promise<void> {
    const transaction = this.manager.begin(AUTOCOMMIT)
    transaction.beginStatement(STATEMENT)
    const access = transaction.table(this.table)
    const cursor = access.scan(this.point(1 + random(ROWS)))
    const batch = cursor.next() as Batch
    const row = batch.row(0)
    change(row)
    void access.update(cursor.rowKey(0), row, 'throw')
    void cursor.close()
    transaction.endStatement(true)
    return transaction.commit()
  }

  readonly updateNonIndex = (): void | Promise<void> =>
    this.update((row) => {
      row[2] = C
    })

  readonly updateIndex = (): void | Promise<void> =>
    this.update((row) => {
      row[1] = Number(row[1]) + 1
    })

  private nextId = ROWS
  readonly insert = (): void | Promise<void> => {
    const transaction = this.manager.begin(AUTOCOMMIT)
    transaction.beginStatement(STATEMENT)
    const access = transaction.table(this.table)
    void access.insert(rowOf(++this.nextId), 'throw')
    transaction.endStatement(true)
    return transaction.commit()
  }

  readonly range =
    (size: number, index?: IndexDefinition, columns: readonly number[] = this.columns) =>
    (): void => {
      const transaction = this.manager.begin(AUTOCOMMIT)
      transaction.beginStatement(STATEMENT)
      const from = 1 + random(ROWS - size)
      const cursor = transaction.table(this.table).scan({
        ...this.point(0),
        index,
        ranges: [{ lower: [from], lowerInclusive: true, upper: [from + size - 1], upperInclusive: true }],
        columns,
        lock: 'none',
        wantRowKeys: false,
      })
      for (let batch = cursor.next(); batch !== undefined; batch = cursor.next())
        if (batch instanceof Promise) throw new Error('the drivers measured here answer at once')
      void cursor.close()
      transaction.endStatement(true)
      void transaction.commit()
    }

  async scanAll(name: string, index: IndexDefinition | undefined, columns: readonly number[]): Promise<void> {
    if (!name.includes(WANTED)) return
    for (let round = 0; round < 3; round++) {
      const transaction = this.manager.begin(AUTOCOMMIT)
      transaction.beginStatement(STATEMENT)
      const scan = { ...this.point(0), index, ranges: [], columns, lock: 'none', wantRowKeys: false } as const
      const cursor = transaction.table(this.table).scan(scan)
      const start = performance.now()
      let rows = 0
      for (;;) {
        const next = cursor.next()
        const batch = next instanceof Promise ? await next : next
        if (batch === undefined) break
        rows += batch.rowCount
      }
      const nanos = ((performance.now() - start) * 1e6) / rows
      transaction.rollback()
      if (round === 2) console.log(`  ${name.padEnd(52)} ${nanos.toFixed(0).padStart(8)} ns a row`)
    }
  }

  async run(): Promise<void> {
    await this.load()
    await this.manager.checkpoint()
    await measure('lookup by primary key, 4 columns', ROUNDS, this.lookupsOnly())
    await measure('the same as an autocommit statement', ROUNDS, this.pointRead)
    await measure('range of 10 rows', ROUNDS / 10, this.range(10))
    await measure('range of 100 rows', ROUNDS / 20, this.range(100))
    await measure('range of 10 in the index, rows fetched', ROUNDS / 10, this.range(10, this.keyIndex))
    await measure('range of 10 in the index, covered', ROUNDS / 10, this.range(10, this.keyIndex, [1]))
    await this.scanAll('scan, 2 integers', undefined, [0, 1])
    await this.scanAll('scan, all 4 columns', undefined, this.columns)
    await this.scanAll('scan of the index, covered', this.keyIndex, [1, 0])
    await this.scanAll('scan of the index, rows fetched', this.keyIndex, this.columns)
    await measure('autocommit UPDATE of c', ROUNDS / 2, this.updateNonIndex)
    await measure('autocommit UPDATE of k (indexed)', ROUNDS / 2, this.updateIndex)
    await measure('autocommit INSERT', ROUNDS / 2, this.insert)
  }
}

async function bench(storage: KeyspaceStorage): Promise<void> {
  console.log(storage.name)
  await storage.start()
  const manager = await CoreTransactionManager.start({
    storages: [storage],
    systemStorage: storage.name,
    log: new MemoryCommitLog(),
  })
  await new Workload(manager, sysbenchTable(storage.name)).run()
  await manager.stop()
  await storage.stop()
}

const folder = await mkdtemp(join(tmpdir(), 'switchyard-bench-'))
try {
  await bench(new MemoryStorage('memory'))
  await bench(new LmdbStorage('lmdb', { folder, mapBytes: 2 ** 34, overlayBytes: 64 * 2 ** 20 }))
} finally {
  await rm(folder, { recursive: true })
}
