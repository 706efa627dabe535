/**
 * The process behind `process-storage.ts`: holds the rows, runs the programs it is sent, and answers on standard output. It
 * ends when its input does.
 */
import { serialize } from 'node:v8'
import { run, type Row } from './interpreter.js'
import { framed, readMessages, type Answer, type Request } from './messages.js'

const BATCH_ROWS = 100

interface OpenCursor {
  readonly rows: Iterator<Row>
  readonly trouble: 'fail' | 'stall' | undefined
  batchesUntilTrouble: number
  /** Whose answer is held back. */
  stalled: number | undefined
}

const tables = new Map<number, Row[]>()
const cursors = new Map<number, OpenCursor>()
let nextTrouble: { readonly kind: 'fail' | 'stall'; readonly batches: number } | undefined

readMessages(process.stdin, (message) => {
  const { id, request } = message as { readonly id: number; readonly request: Request }
  const answer = perform(id, request)
  if (answer !== undefined) process.stdout.write(framed(answer))
})

function perform(id: number, request: Request): Answer | undefined {
  switch (request.kind) {
    case 'create':
      if (!tables.has(request.table)) tables.set(request.table, [])
      return { id, count: 0 }
    case 'drop':
      tables.delete(request.table)
      return { id, count: 0 }
    case 'truncate':
      tables.set(request.table, [])
      return { id, count: 0 }
    case 'insert':
    case 'update':
    case 'delete':
      return change(id, request)
    case 'open':
      cursors.set(id, {
        rows: run(request.program, tables),
        trouble: nextTrouble?.kind,
        batchesUntilTrouble: nextTrouble?.batches ?? Infinity,
        stalled: undefined,
      })
      nextTrouble = undefined
      return { id, count: 0 }
    case 'next':
      return advance(id, request.cursor)
    case 'close': {
      const stalled = cursors.get(request.cursor)?.stalled
      cursors.delete(request.cursor)
      if (stalled !== undefined) process.stdout.write(framed(batchOf(stalled, [])))
      return { id, count: 0 }
    }
    case 'count':
      return { id, count: tables.get(request.table)?.length ?? 0 }
    case 'cursors':
      return { id, count: cursors.size }
    case 'fail':
    case 'stall':
      nextTrouble = { kind: request.kind, batches: request.batches }
      return { id, count: 0 }
  }
}

function advance(id: number, number: number): Answer | undefined {
  const cursor = cursors.get(number)
  if (cursor === undefined) return batchOf(id, [])
  if (cursor.batchesUntilTrouble-- <= 0) {
    if (cursor.trouble === 'fail') {
      return { id, error: 'ER_STORAGE_UNAVAILABLE', arguments: ['child', 'a page is torn'] }
    }
    cursor.stalled = id
    return undefined
  }
  const rows: Row[] = []
  while (rows.length < BATCH_ROWS) {
    const { done, value } = cursor.rows.next()
    if (done === true) break
    rows.push(value)
  }
  return batchOf(id, rows)
}

function batchOf(id: number, rows: readonly Row[]): Answer {
  return { id, batch: serialize(rows) }
}

/** All or nothing. */
function change(id: number, request: Extract<Request, { readonly keys: readonly Row[] }>): Answer {
  const before = tables.get(request.table) ?? []
  const keyOf = (row: Row): string => JSON.stringify(request.keyColumns.map((each) => String(row[each])))
  const removed = new Set(request.keys.map((key) => JSON.stringify(key.map(String))))
  const after = before.filter((row) => !removed.has(keyOf(row)))
  const count = request.kind === 'insert' ? request.rows.length : before.length - after.length
  const known = new Set(request.keyColumns.length === 0 ? [] : after.map(keyOf))
  for (const row of request.rows) {
    if (request.keyColumns.length > 0 && known.has(keyOf(row))) {
      const shown = request.keyColumns.map((each) => String(row[each])).join('-')
      return { id, error: 'ER_DUP_ENTRY', arguments: [shown, `${request.name}.PRIMARY`] }
    }
    known.add(keyOf(row))
    after.push(row)
  }
  tables.set(request.table, after)
  return { id, count }
}
