/**
 * Scans that find everything in the index: if each wanted column can be read back from the entry's key, or from the row's
 * key that is its value, the row isn't fetched. That holds for exact types (integers, decimals, dates): their key
 * bytes give the value back. Text doesn't, a sort key has lost the text.
 */
import { exactLayoutOf, joinWords, readWide } from '../common/exact-layout.js'
import { representationOf } from '../common/sql-type.js'
import type { MaybePromise } from '../common/value.js'
import type { ExactVector, Vector } from '../common/vector.js'
import type { IndexPart } from '../plan/schema.js'
import type { KeyspaceSnapshot } from '../spi/storage.js'
import type { TableScan } from '../spi/transaction.js'
import type { EntryScan } from './entry-scan.js'
import type { Overlay } from './overlay.js'
import type { ScanOutput } from './scan-output.js'
import type { IndexRuntime, TableRuntime } from './table-runtime.js'

/** One part at the front of a key, and the wanted column (a position in the scan's columns) that it gives, or -1. */
interface KeyField {
  readonly width: number
  readonly signed: boolean
  readonly hasMarker: boolean
  readonly output: number
}

export class CoveringReader {
  private constructor(
    private readonly output: ScanOutput,
    private readonly entryFields: readonly KeyField[],
    private readonly rowFields: readonly KeyField[],
    private readonly hasFilter: boolean,
  ) {}

  /** Undefined if the scan needs the rows. */
  static for(
    runtime: TableRuntime,
    index: IndexRuntime,
    scan: TableScan,
    output: ScanOutput,
  ): CoveringReader | undefined {
    const missing = new Set(scan.columns)
    if (missing.size < scan.columns.length) return undefined
    const entryFields = fieldsOf(runtime, index.definition.parts, true, scan.columns, missing)
    const rowFields = fieldsOf(runtime, runtime.primaryKey?.parts ?? [], false, scan.columns, missing)
    if (missing.size > 0) return undefined
    return new CoveringReader(output, entryFields, rowFields, scan.filter !== undefined)
  }

  read(entries: EntryScan, snapshot: KeyspaceSnapshot, overlay: Overlay | undefined): MaybePromise<void> {
    const { output, hasFilter } = this
    const { columns } = output.batch
    return entries.next(
      snapshot,
      overlay,
      Math.max(output.room, 64),
      (key, keyStart, _keyEnd, value, valueStart, valueEnd) => {
        readFields(this.entryFields, key, keyStart, columns)
        readFields(this.rowFields, value, valueStart, columns)
        if (hasFilter && !output.holds()) {
          for (const column of columns) column.truncate(output.batch.rowCount)
        } else output.accept(value, valueStart, valueEnd)
        return !output.isFull
      },
    )
  }
}

/** The parts of a key up to the last one that is wanted; takes what they give from `missing`. */
function fieldsOf(
  runtime: TableRuntime,
  parts: readonly IndexPart[],
  hasMarkers: boolean,
  columns: readonly number[],
  missing: Set<number>,
): readonly KeyField[] {
  const fields: KeyField[] = []
  let usedCount = 0
  for (const part of parts) {
    const type = runtime.table.columns[part.column]?.type
    if (type === undefined || part.descending || representationOf(type) !== 'exact') break
    const isWanted = missing.delete(part.column)
    fields.push({
      ...exactLayoutOf(type),
      hasMarker: hasMarkers,
      output: isWanted ? columns.indexOf(part.column) : -1,
    })
    if (isWanted) usedCount = fields.length
  }
  return fields.slice(0, usedCount)
}

function readFields(
  fields: readonly KeyField[],
  bytes: Uint8Array,
  start: number,
  columns: readonly Vector[],
): void {
  let at = start
  for (const field of fields) {
    if (field.hasMarker && bytes[at++] === 0) {
      if (field.output >= 0) columns[field.output]?.pushNull()
      continue
    }
    if (field.output >= 0) pushField(field, bytes, at, columns[field.output] as ExactVector)
    at += field.width
  }
}

function pushField(field: KeyField, bytes: Uint8Array, at: number, column: ExactVector): void {
  const { width, signed } = field
  if (width > 8) {
    column.push(readWide(bytes, at, width, true))
    return
  }
  const lowBytes = Math.min(width, 4)
  let high = 0
  for (let i = 0; i < width - lowBytes; i++) high = high * 256 + (bytes[at + i] as number)
  let low = 0
  for (let i = width - lowBytes; i < width; i++) low = low * 256 + (bytes[at + i] as number)
  if (width <= 4) column.pushNumber(signed ? low - 2 ** (8 * width - 1) : low)
  else column.push(joinWords(signed ? high - 2 ** (8 * (width - 4) - 1) : high, low))
}
