/**
 * What table driver tests hand around: a table with a column of each kind, statements that can be killed, rows in and
 * out.
 */
import {
  Batch,
  BATCH_ROWS_MAX,
  BIGINT_TYPE,
  binaryType,
  datetimeType,
  decimalType,
  DOUBLE_TYPE,
  INT_TYPE,
  JSON_TYPE,
  sqlError,
  textType,
  type BatchCursor,
  type ColumnDefinition,
  type EvaluationContext,
  type EvaluationSession,
  type ScanRequest,
  type SqlType,
  type StatementContext,
  type TableDefinition,
  type TableStorage,
  type Value,
} from '@switchyard/core/spi'
import { createFields, packDatetime } from '../../../core/common/temporal.js'
import { UTC_TIME_ZONE } from '../../../core/common/time-zones.js'

/** Positions of the columns of `sampleTable`. */
export const ID = 0
export const NUMBER = 1
export const BIG = 2
export const PRICE = 3
export const RATIO = 4
/** Compared without regard to case and accents. */
export const NAME = 5
/** Compared by code points. */
export const CODE = 6
export const DATA = 7
export const MOMENT = 8
export const DOCUMENT = 9

const COLUMNS: readonly (readonly [string, SqlType])[] = [
  ['id', INT_TYPE],
  ['number', INT_TYPE],
  ['big', BIGINT_TYPE],
  ['price', decimalType(20, 4)],
  ['ratio', DOUBLE_TYPE],
  ['name', textType(200, 'utf8mb4_0900_ai_ci')],
  ['code', textType(200, 'utf8mb4_bin')],
  ['data', binaryType(1000)],
  ['moment', datetimeType(6)],
  ['document', JSON_TYPE],
]
export const ALL_COLUMNS: readonly number[] = COLUMNS.map((_, index) => index)

let lastId = 0

/** A new table (id INT PRIMARY KEY, and one column of each kind that may be NULL), placed in `storage`. */
export function sampleTable(storage: string): TableDefinition {
  lastId++
  const columns = COLUMNS.map(([name, type], index): ColumnDefinition => ({
    id: index + 1,
    name,
    type,
    nullable: index !== ID,
    default: { kind: 'none' },
    autoIncrement: false,
    onUpdateNow: false,
    generated: undefined,
    comment: '',
    invisible: false,
  }))
  return {
    kind: 'table',
    id: 7000 + lastId,
    version: 1,
    database: 'test',
    name: `sample${lastId}`,
    columns,
    indexes: [
      {
        id: 1,
        name: 'PRIMARY',
        primary: true,
        unique: true,
        parts: [{ column: ID, prefixLength: undefined, descending: false }],
        visible: true,
        comment: '',
        algorithm: undefined,
        collationVersions: [0],
      },
    ],
    foreignKeys: [],
    checks: [],
    placements: [{ id: 1, storage, role: 'primary', feed: 'none', state: 'active' }],
    charset: 'utf8mb4',
    collation: 'utf8mb4_0900_ai_ci',
    comment: '',
    temporary: false,
    engineAsWritten: undefined,
    options: {},
    createdAtMicros: 0,
  }
}

/** Rows that are awkward in one way or another, by id. */
export const SAMPLE_ROWS: readonly (readonly Value[])[] = [
  [1, 10, 1, 12_500, 0.5, 'anna', 'a', bytes(0, 1, 0), moment(2024, 2, 29), '{"a": 1}'],
  [2, -10, -1, -12_500, -0.5, 'Anna', 'A', bytes(255), moment(1000, 1, 1), '[]'],
  [3, 0, 0, 0, 0, 'ÁNNA', 'á', bytes(), moment(9999, 12, 31), '""'],
  [4, null, null, null, null, null, null, null, null, null],
  [5, 10, 2n ** 63n - 1n, 10n ** 20n - 1n, 1e308, '', '', bytes(0), moment(1970, 1, 1), 'null'],
  [6, 2_147_483_647, -(2n ** 63n), -(10n ** 20n) + 1n, 5e-324, 'zoë 😀', '😀', bytes(1, 2, 3), null, '1'],
  [
    7,
    -2_147_483_648,
    9_007_199_254_740_991,
    1,
    -1e-10,
    'bob\0',
    'b\'\\"`;--',
    bytes(0, 255),
    moment(2000, 1, 1),
    '{}',
  ],
  [8, 10, null, 12_500, 0.1, 'line\nbreak\t', '\r\n', null, moment(2024, 2, 29), null],
]

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values)
}

function moment(year: number, month: number, day: number): Value {
  const fields = createFields()
  Object.assign(fields, { year, month, day, hour: 13, minute: 14, second: 15, microsecond: 123_456 })
  return packDatetime(fields, 6)
}

const SESSION: EvaluationSession = {
  connectionId: 1,
  database: 'test',
  user: 'tester@localhost',
  currentUser: 'tester@localhost',
  currentRole: 'NONE',
  version: '8.0.0',
  lastInsertId: 0,
  rowCount: 0,
  foundRows: 0,
  userLocks: { release: () => undefined, releaseAll: () => 0, holderOf: () => undefined },
  insertId: 0,
  random: () => 0.5,
  getUserVariable: () => undefined,
  setUserVariable: () => undefined,
  systemVariable: () => null,
}

export interface TestStatement extends StatementContext {
  kill(): void
}

export function newStatement(): TestStatement {
  const abort = new AbortController()
  const checkKilled = (): void => {
    if (abort.signal.aborted) throw sqlError('ER_QUERY_INTERRUPTED')
  }
  const states = new Map<object, unknown>()
  const evaluation: EvaluationContext = {
    sqlMode: 0,
    strict: true,
    timeZone: UTC_TIME_ZONE,
    statementTimeMicros: 1_700_000_000_000_000,
    session: SESSION,
    parameters: [],
    correlated: [],
    packetBytesMax: 64 * 2 ** 20,
    divPrecisionIncrement: 4,
    groupConcatMaxLength: 1024,
    defaultWeekFormat: 0,
    localeName: 'en_US',
    state<T>(key: object, create: () => T): T {
      if (!states.has(key)) states.set(key, create())
      return states.get(key) as T
    },
    checkKilled,
    warn: () => undefined,
  }
  return {
    evaluation,
    deadlineMs: Infinity,
    signal: abort.signal,
    onStop: (listener) => {
      abort.signal.addEventListener('abort', listener)
    },
    offStop: (listener) => {
      abort.signal.removeEventListener('abort', listener)
    },
    checkKilled,
    memory: { used: 0, limitBytes: Infinity, charge: () => undefined, fits: () => true },
    warn: () => undefined,
    warnError: () => undefined,
    kill: () => {
      abort.abort()
    },
  }
}

export function batchOf(
  table: TableDefinition,
  columns: readonly number[],
  rows: Iterable<readonly Value[]>,
): Batch {
  const batch = Batch.ofTypes(columns.map((column) => typeOf(table, column)))
  for (const row of rows) batch.pushRow(row)
  return batch
}

export function typeOf(table: TableDefinition, column: number): SqlType {
  const definition = table.columns[column]
  if (definition === undefined) throw new Error(`no column ${column}`)
  return definition.type
}

export function request(parts: Partial<ScanRequest> = {}): ScanRequest {
  return { columns: ALL_COLUMNS, conditions: [], order: [], limit: undefined, ...parts }
}

/** Rows of a scan, in the order in which they came. */
export async function rowsOf(
  storage: TableStorage,
  table: TableDefinition,
  scan: ScanRequest,
): Promise<Value[][]> {
  const cursor = await storage.openScan(table, scan, newStatement())
  try {
    return await drain(cursor)
  } finally {
    await cursor.close()
  }
}

export async function drain(cursor: BatchCursor): Promise<Value[][]> {
  const rows: Value[][] = []
  for (let batch = await cursor.next(); batch !== undefined; batch = await cursor.next()) {
    expect(batch.rowCount).toBeLessThanOrEqual(BATCH_ROWS_MAX * 64)
    for (let row = 0; row < batch.rowCount; row++) rows.push(batch.row(row))
  }
  return rows
}

/** Rows in a form that can be compared and read in a failure: bytes as hex, bigints as what they are. */
export function shown(rows: readonly (readonly Value[])[]): string[] {
  return rows.map((row) =>
    row
      .map((value) =>
        value instanceof Uint8Array ? `0x${Buffer.from(value).toString('hex')}` : shownValue(value),
      )
      .join(' | '),
  )
}

function shownValue(value: Exclude<Value, Uint8Array>): string {
  return value === null ? 'NULL' : typeof value === 'string' ? JSON.stringify(value) : String(value)
}
