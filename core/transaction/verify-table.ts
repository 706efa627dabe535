/**
 * CHECK TABLE: every row has its entry in every index, every entry its row; and whether all foreign keys have parents.
 *
 * Rows and entries are first read once from end to end, in order: what entries the rows should have is compared with those that are there
 * by digests. Only where these differ is every row and every entry looked up, to say which.
 */
import { compareRanges, copyRange, equalRanges } from '../common/bytes.js'
import { isPromise, type Value } from '../common/value.js'
import type { ForeignKeyDefinition, TableDefinition } from '../plan/schema.js'
import type { StatementContext } from '../spi/statement-context.js'
import type { KeyspaceSnapshot } from '../spi/storage.js'
import { walkKeyspace } from './bulk.js'
import { EntryDigest } from './entry-digest.js'
import type { MergedVisitor } from './entry-scan.js'
import type { TransactionEnvironment } from './environment.js'
import { constraintError, indexOn, positionsOf } from './foreign-keys.js'
import type { IndexRuntime, TableRuntime } from './table-runtime.js'

/** A table with more problems than this needs no longer list. */
const PROBLEMS_MAX = 100

/** Answers what is wrong, in words; empty if nothing is. */
export async function verifyTable(
  environment: TransactionEnvironment,
  table: TableDefinition,
  statement: StatementContext,
): Promise<readonly string[]> {
  const view = environment.views.current.retain()
  try {
    const runtime = environment.runtimeOf(table)
    const snapshot = view.snapshot(runtime.state)
    if (await isSound(runtime, snapshot, statement)) return []
    const check = new TableCheck(runtime, snapshot, statement)
    await check.checkRows()
    for (const index of runtime.indexes) await check.checkEntries(index)
    return check.problems
  } finally {
    view.release()
  }
}

/** ALTER TABLE … ADD FOREIGN KEY: rejects with ER_NO_REFERENCED_ROW_2 if a row of `child` has no parent. */
export async function verifyForeignKey(
  environment: TransactionEnvironment,
  child: TableDefinition,
  foreignKey: ForeignKeyDefinition,
  parent: TableDefinition,
  statement: StatementContext,
): Promise<void> {
  const [childRuntime, parentRuntime] = [environment.runtimeOf(child), environment.runtimeOf(parent)]
  const definition = indexOn(parent, positionsOf(parent, foreignKey.referencedColumns))
  if (definition === undefined) throw new Error('invariant: a foreign key refers to an index')
  const index = parentRuntime.indexOf(definition)
  const keyspace = index?.keyspace ?? parentRuntime.rowKeyspace
  const encoder = index?.encoder ?? parentRuntime.keyEncoder
  const decoder = childRuntime.decoderOf(foreignKey.columns)
  const view = environment.views.current.retain()
  try {
    const parents = view.snapshot(parentRuntime.state)
    let wanted: (readonly Value[])[] = []
    const checkParents = async (): Promise<void> => {
      const values = wanted
      wanted = []
      for (const key of values) {
        const range = encoder?.encodeRange({
          lower: key,
          lowerInclusive: true,
          upper: key,
          upperInclusive: true,
        })
        const found = parents.scan(keyspace, range ?? EVERYTHING, false, 1, () => false)
        if ((isPromise(found) ? await found : found) === 0) {
          throw constraintError('ER_NO_REFERENCED_ROW_2', child, foreignKey)
        }
      }
    }
    await walkKeyspace(
      view.snapshot(childRuntime.state),
      childRuntime.rowKeyspace,
      statement,
      (_key, _keyStart, _keyEnd, value, start, end) => {
        const key = decoder.values(value, start, end)
        if (!key.includes(null)) wanted.push(key)
        return true
      },
      checkParents,
    )
  } finally {
    view.release()
  }
}

/** Whether rows and entries are in order, rows under their own keys, and entries just those that the rows should have. */
async function isSound(
  runtime: TableRuntime,
  snapshot: KeyspaceSnapshot,
  statement: StatementContext,
): Promise<boolean> {
  const wanted = runtime.indexes.map(() => new EntryDigest())
  const row = new Array<Value>(runtime.table.columns.length).fill(null)
  const columns = runtime.insertColumns
  const decoder = runtime.decoderOf(columns)
  const isInOrder = await walkInOrder(
    snapshot,
    runtime.rowKeyspace,
    statement,
    (key, keyStart, keyEnd, value, start, end) => {
      for (const [i, column] of columns.entries()) row[column] = decoder.value(value, start, end, i)
      const own = runtime.rowKeyOf(row)
      if (own !== undefined && !equalRanges(own, 0, own.length, key, keyStart, keyEnd)) return false
      const rowKey = copyRange(key, keyStart, keyEnd)
      for (const [i, index] of runtime.indexes.entries()) {
        const { bytes } = index.entryKey(row, rowKey)
        wanted[i]?.add(bytes, 0, bytes.length, rowKey, 0, rowKey.length)
      }
      return true
    },
  )
  if (!isInOrder) return false
  for (const [i, index] of runtime.indexes.entries()) {
    const present = new EntryDigest()
    const isIndexInOrder = await walkInOrder(
      snapshot,
      index.keyspace,
      statement,
      (key, keyStart, keyEnd, value, start, end) => {
        present.add(key, keyStart, keyEnd, value, start, end)
        return true
      },
    )
    if (!isIndexInOrder || wanted[i]?.equals(present) !== true) return false
  }
  return true
}

/** Shows the entries of a keyspace to `isRight`; false once that has said so, or once a key wasn't above the one before it. */
async function walkInOrder(
  snapshot: KeyspaceSnapshot,
  keyspace: number,
  statement: StatementContext,
  isRight: MergedVisitor,
): Promise<boolean> {
  let before: Buffer | undefined
  let isSoFar = true
  await walkKeyspace(snapshot, keyspace, statement, (key, keyStart, keyEnd, value, start, end) => {
    if (!isSoFar) return true
    const isAbove = before === undefined || compareRanges(before, 0, before.length, key, keyStart, keyEnd) < 0
    isSoFar = isAbove && isRight(key, keyStart, keyEnd, value, start, end)
    before = copyRange(key, keyStart, keyEnd)
    return true
  })
  return isSoFar
}

const EVERYTHING = { lower: undefined, upper: undefined }

interface StoredRow {
  readonly key: Buffer
  readonly row: readonly Value[]
}

interface StoredEntry {
  readonly key: Buffer
  readonly rowKey: Buffer
}

class TableCheck {
  readonly problems: string[] = []

  constructor(
    private readonly runtime: TableRuntime,
    private readonly snapshot: KeyspaceSnapshot,
    private readonly statement: StatementContext,
  ) {}

  /** From rows to entries, and that each row lies under its own key. */
  async checkRows(): Promise<void> {
    const { runtime } = this
    let rows: StoredRow[] = []
    const checkSlice = async (): Promise<void> => {
      const slice = rows
      rows = []
      for (const row of slice) await this.checkRow(row)
    }
    await walkKeyspace(
      this.snapshot,
      runtime.rowKeyspace,
      this.statement,
      (key, keyStart, keyEnd, value, start, end) => {
        rows.push({
          key: copyRange(key, keyStart, keyEnd),
          row: runtime.rowDecoder.values(value, start, end),
        })
        return true
      },
      checkSlice,
    )
  }

  /** From the entries of an index to rows. */
  async checkEntries(index: IndexRuntime): Promise<void> {
    let entries: StoredEntry[] = []
    const checkSlice = async (): Promise<void> => {
      const slice = entries
      entries = []
      for (const entry of slice) await this.checkEntry(index, entry)
    }
    await walkKeyspace(
      this.snapshot,
      index.keyspace,
      this.statement,
      (key, keyStart, keyEnd, value, start, end) => {
        entries.push({ key: copyRange(key, keyStart, keyEnd), rowKey: copyRange(value, start, end) })
        return true
      },
      checkSlice,
    )
  }

  private async checkRow({ key, row }: StoredRow): Promise<void> {
    const own = this.runtime.rowKeyOf(row)
    if (own !== undefined && !isSame(own, key)) this.report(`row ${hex(key)} belongs under key ${hex(own)}`)
    for (const index of this.runtime.indexes) {
      const entry = index.entryKey(row, key)
      const rowKey = await this.get(index.keyspace, entry.bytes)
      if (rowKey === undefined) this.report(`row ${hex(key)} has no entry in index ${index.definition.name}`)
      else if (!isSame(rowKey, key)) {
        this.report(
          `the entry of row ${hex(key)} in index ${index.definition.name} points to row ${hex(rowKey)}`,
        )
      }
    }
  }

  private async checkEntry(index: IndexRuntime, { key, rowKey }: StoredEntry): Promise<void> {
    const bytes = await this.get(this.runtime.rowKeyspace, rowKey)
    const { name } = index.definition
    if (bytes === undefined) {
      this.report(`entry ${hex(key)} of index ${name} points to row ${hex(rowKey)}, which isn't there`)
      return
    }
    const row = this.runtime.rowDecoder.values(bytes, 0, bytes.length)
    if (!index.isEntryOf(key, row, rowKey)) {
      this.report(`entry ${hex(key)} of index ${name} has other values than row ${hex(rowKey)}`)
    }
  }

  private async get(keyspace: number, key: Uint8Array): Promise<Buffer | undefined> {
    let value: Buffer | undefined
    const found = this.snapshot.get(keyspace, key, (_key, _keyStart, _keyEnd, bytes, start, end) => {
      value = copyRange(bytes, start, end)
      return true
    })
    if (isPromise(found)) await found
    return value
  }

  private report(problem: string): void {
    if (this.problems.length < PROBLEMS_MAX) this.problems.push(problem)
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return equalRanges(a, 0, a.length, b, 0, b.length)
}

function hex(bytes: Buffer): string {
  return bytes.toString('hex')
}
