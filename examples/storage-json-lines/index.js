/**
 * A table driver in one file: every table is a text file with one JSON array a row. It shows what a storage owes the server, and
 * nothing more; `docs/plugin-authors/first-driver.md` goes through it step by step.
 */
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Batch, BATCH_ROWS_MAX, definePlugin, sqlError } from '@switchyard/core/spi'

export const plugin = definePlugin({
  name: 'switchyard-storage-json-lines',
  spiVersion: '^0.1.0',
  provides: ['storage'],
  options: {
    folder: {
      type: 'path',
      default: 'json-lines',
      description: 'Folder of the files; relative to the data folder.',
    },
  },
  create: ({ name, options }) => ({ storage: new JsonLinesStorage(name, options.folder) }),
})

class JsonLinesStorage {
  comment = 'A text file a table, one JSON array a row'
  capabilities = {
    shape: 'table',
    durable: true,
    // Each write stands alone: the server refuses to mix them with other storages in one transaction.
    transactions: 'autocommit',
    fragments: false,
    writable: true,
    keyBytesMax: 0,
  }

  constructor(name, folder) {
    this.name = name
    this.folder = folder
  }

  async start() {
    await mkdir(this.folder, { recursive: true })
  }

  async stop() {}

  // ── Tables: named by their permanent ids, so that renaming one needs nothing here ──────────────────────────

  path(tableId) {
    return join(this.folder, `${tableId}.jsonl`)
  }

  /** May be called again after a crash, so an existing file is fine. What can't be kept exactly is refused. */
  async createTable(table) {
    if (table.indexes.some((index) => index.unique && !index.primary)) {
      throw sqlError('ER_NOT_SUPPORTED_YET', `UNIQUE keys in ${this.name} tables`)
    }
    await (await open(this.path(table.id), 'a')).close()
  }

  async dropTable(tableId) {
    await rm(this.path(tableId), { force: true })
  }

  async truncateTable(table) {
    await this.replace(table, [])
  }

  async statistics(table) {
    const rows = await this.read(table)
    return { rows: rows.length, bytes: rows.length * 100, cardinality: [] }
  }

  // ── Reading ────────────────────────────────────────────────────────────────────────────────────────────────

  /** Nothing is handed down: the server filters, sorts and limits what the scan yields. */
  planScan(table, request) {
    return {
      conditions: request.conditions.map(() => 'no'),
      order: 'no',
      limit: 'no',
      rows: 1000,
      cost: 5000,
    }
  }

  async openScan(table, request) {
    const rows = await this.read(table)
    const batch = Batch.ofTypes(request.columns.map((column) => table.columns[column].type))
    let at = 0
    return {
      next() {
        if (at >= rows.length) return undefined
        batch.clear()
        for (const end = Math.min(rows.length, at + BATCH_ROWS_MAX); at < end; at++) {
          batch.pushRow(request.columns.map((column) => rows[at][column]))
        }
        return batch
      },
      close() {},
    }
  }

  async read(table) {
    let text
    try {
      text = await readFile(this.path(table.id), 'utf8')
    } catch (error) {
      throw sqlError('ER_STORAGE_UNAVAILABLE', this.name, error.message)
    }
    // What stands behind the last line end was never acknowledged.
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line).map(fromJson))
  }

  // ── Writing: a call is on disk when it resolves ────────────────────────────────────────────────────────────

  async insert(table, rows) {
    await this.refuseDuplicates(table, rows)
    let text = ''
    for (let row = 0; row < rows.rowCount; row++) text += `${JSON.stringify(rows.row(row).map(toJson))}\n`
    const file = await open(this.path(table.id), 'a')
    try {
      await file.write(text)
      await file.datasync()
    } finally {
      await file.close()
    }
    return rows.rowCount
  }

  /** The primary key is the driver's to keep unique: only it knows what is there. */
  async refuseDuplicates(table, rows) {
    if (table.indexes[0]?.primary !== true) return
    const known = new Set((await this.read(table)).map((row) => keyOf(table, row)))
    for (let row = 0; row < rows.rowCount; row++) {
      const key = keyOf(table, rows.row(row))
      if (known.has(key)) throw sqlError('ER_DUP_ENTRY', JSON.parse(key).join('-'), `${table.name}.PRIMARY`)
      known.add(key)
    }
  }

  async delete(table, keys) {
    const wanted = keySet(keys)
    const rows = await this.read(table)
    const kept = rows.filter((row) => !wanted.has(keyOf(table, row)))
    await this.replace(table, kept)
    return rows.length - kept.length
  }

  async update(table, keys, rows) {
    const changes = new Map()
    for (let row = 0; row < keys.rowCount; row++)
      changes.set(JSON.stringify(keys.row(row).map(toJson)), rows.row(row))
    const before = await this.read(table)
    await this.replace(
      table,
      before.map((row) => changes.get(keyOf(table, row)) ?? row),
    )
    return changes.size
  }

  /** All or nothing: the new file takes the old one's place in one step. */
  async replace(table, rows) {
    const path = this.path(table.id)
    await writeFile(`${path}.new`, rows.map((row) => `${JSON.stringify(row.map(toJson))}\n`).join(''), {
      flush: true,
    })
    await rename(`${path}.new`, path)
  }
}

/** Values as `Representation` in the interfaces has them: JSON lacks big integers and bytes. */
function toJson(value) {
  if (typeof value === 'bigint') return { integer: String(value) }
  return value instanceof Uint8Array ? { bytes: Buffer.from(value).toString('base64') } : value
}

function fromJson(value) {
  if (value === null || typeof value !== 'object') return value
  return 'integer' in value ? BigInt(value.integer) : Buffer.from(value.bytes, 'base64')
}

function keyOf(table, row) {
  const [index] = table.indexes
  return JSON.stringify(index.parts.map((part) => toJson(row[part.column])))
}

function keySet(keys) {
  const set = new Set()
  for (let row = 0; row < keys.rowCount; row++) set.add(JSON.stringify(keys.row(row).map(toJson)))
  return set
}
