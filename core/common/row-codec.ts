/**
 * Stored rows: bytes from which single columns can be read without touching the others.
 *
 * Layout: schema version (3 bytes, little endian), flags (1 byte), NULL bits of the nullable columns, the columns of
 * fixed width at static offsets, an end offset for each column of variable width (2 bytes, 4 with `WIDE_OFFSETS`; relative
 * to the first of them), and their bytes: text and JSON as UTF-8, binary strings as they are. Numbers are little
 * endian; a NULL keeps its place, filled with anything.
 *
 * A row keeps the version of the schema that it was written by. Which columns a version has is told by `RowSchema`s:
 * one made by version 3 says how rows of versions 3, 4 … look until the next schema begins. A column that a row's
 * schema doesn't have (ADD COLUMN without a copy) reads as that column's `absent` value.
 */
import { ByteBuffer } from './bytes.js'
import { readerFor, WIDE_OFFSETS, type ColumnReader, type ColumnSlot } from './row-reader.js'
import { writerFor, type ColumnWriter, type RowPlaces } from './row-writer.js'
import { exactLayoutOf } from './exact-layout.js'
import { representationOf, type SqlType } from './sql-type.js'
import type { Value } from './value.js'
import type { BytesVector, Vector } from './vector.js'

export interface RowColumn {
  /** Permanent: the same column has it in every schema. */
  readonly id: number
  readonly type: SqlType
  readonly nullable: boolean
}

/** The columns of the rows that were written from `version` on. `TableDefinition` is one. */
export interface RowSchema {
  readonly version: number
  readonly columns: readonly RowColumn[]
}

const ROW_VERSION_MAX = 0xffffff
const ROW_HEADER_BYTES = 4
const NARROW_OFFSET_MAX = 0xffff

/** Where things lie in the rows of one schema. */
interface RowLayout {
  readonly slots: readonly ColumnSlot[]
  readonly nullBytes: number
  /** Where the end offsets begin. */
  readonly endsAt: number
  readonly variableCount: number
}

function layoutOf(schema: RowSchema): RowLayout {
  const nullableCount = schema.columns.filter((column) => column.nullable).length
  const nullBytes = (nullableCount + 7) >> 3
  let fixedAt = ROW_HEADER_BYTES + nullBytes
  let variableCount = 0
  let nullIndex = 0
  const slots: ColumnSlot[] = []
  for (const column of schema.columns) {
    const nullBit = column.nullable ? nullIndex++ : -1
    const nullAt = column.nullable ? ROW_HEADER_BYTES + (nullBit >> 3) : -1
    const nullMask = column.nullable ? 1 << (nullBit & 7) : 0
    const width = fixedWidthOf(column.type)
    slots.push({
      type: column.type,
      nullAt,
      nullMask,
      width: width ?? 0,
      offset: width === undefined ? -1 : fixedAt,
      variableIndex: width === undefined ? variableCount : -1,
      endsAt: -1,
      variableCount: -1,
    })
    if (width === undefined) variableCount++
    else fixedAt += width
  }
  const endsAt = fixedAt
  return {
    slots: slots.map((slot) => ({ ...slot, endsAt, variableCount })),
    nullBytes,
    endsAt,
    variableCount,
  }
}

/** Bytes of a column at a static offset; undefined for text, JSON and binary strings. */
function fixedWidthOf(type: SqlType): number | undefined {
  switch (representationOf(type)) {
    case 'exact':
      return exactLayoutOf(type).width
    case 'approximate':
      return type.name === 'float' ? 4 : 8
    default:
      return undefined
  }
}

export function compileRowEncoder(schema: RowSchema): RowEncoder {
  return new RowEncoder(schema)
}

export class RowEncoder {
  private readonly layout: RowLayout
  private readonly writers: readonly ColumnWriter[]
  /** Positions of the columns of variable width. */
  private readonly variable: readonly number[]

  constructor(private readonly schema: RowSchema) {
    if (schema.version > ROW_VERSION_MAX) throw new Error('invariant: a schema version fits three bytes')
    this.layout = layoutOf(schema)
    this.writers = this.layout.slots.map(writerFor)
    this.variable = [...schema.columns.keys()].filter((i) => this.layout.slots[i]?.variableIndex !== -1)
  }

  /** Appends the row's bytes; values in the order of the schema's columns, each in its type's representation. */
  encode(row: readonly Value[], target: ByteBuffer): void {
    const layout = this.layout
    const start = target.length
    let variableBytesMax = 0
    for (const position of this.variable) {
      const value = row[position] as string | Uint8Array | null
      if (value !== null) variableBytesMax += typeof value === 'string' ? value.length * 3 : value.length
    }
    const isWide = variableBytesMax > NARROW_OFFSET_MAX
    const dataAt = layout.endsAt + layout.variableCount * (isWide ? 4 : 2)
    target.reserve(dataAt + variableBytesMax)
    this.writeHeader(target.bytes, start, isWide)
    target.length = start + dataAt
    const writers = this.writers
    for (let i = 0; i < writers.length; i++) {
      ;(writers[i] as ColumnWriter).write(row[i] as Value, target, start, isWide)
    }
  }

  /** As `encode`, for a row of vectors in the order of the schema's columns. */
  encodeFrom(columns: readonly Vector[], row: number, target: ByteBuffer): void {
    const layout = this.layout
    const start = target.length
    let variableBytes = 0
    for (const position of this.variable) {
      const column = columns[position] as BytesVector
      if (column.nulls[row] !== 1) variableBytes += column.end(row) - column.start(row)
    }
    const isWide = variableBytes > NARROW_OFFSET_MAX
    const dataAt = layout.endsAt + layout.variableCount * (isWide ? 4 : 2)
    target.reserve(dataAt + variableBytes)
    this.writeHeader(target.bytes, start, isWide)
    target.length = start + dataAt
    const writers = this.writers
    for (let i = 0; i < writers.length; i++) {
      ;(writers[i] as ColumnWriter).writeFrom(columns[i] as Vector, row, target, start, isWide)
    }
  }

  /** Bytes of a row of vectors; -1 if it is one of the few for `encodeFrom` because it is wide. */
  sizeFrom(columns: readonly Vector[], row: number): number {
    const { layout, variable } = this
    let variableBytes = 0
    for (let i = 0; i < variable.length; i++) {
      const { nulls, starts, ends } = columns[variable[i] as number] as BytesVector
      if (nulls[row] !== 1) variableBytes += (ends[row] as number) - (starts[row] as number)
    }
    if (variableBytes > NARROW_OFFSET_MAX) return -1
    return layout.endsAt + layout.variableCount * 2 + variableBytes
  }

  /** As `encodeFrom`, for rows of the sizes that `sizeFrom` has told, to places of that size. */
  encodeAll(columns: readonly Vector[], places: RowPlaces, bytes: Buffer): void {
    const { layout, writers } = this
    const dataAt = layout.endsAt + layout.variableCount * 2
    const { count, starts, ends } = places
    for (let i = 0; i < count; i++) {
      const start = starts[i] as number
      this.writeHeader(bytes, start, false)
      ends[i] = start + dataAt
    }
    for (let i = 0; i < writers.length; i++) {
      ;(writers[i] as ColumnWriter).writeAll(columns[i] as Vector, places, bytes)
    }
  }

  private writeHeader(bytes: Buffer, start: number, isWide: boolean): void {
    const version = this.schema.version
    bytes[start] = version
    bytes[start + 1] = version >> 8
    bytes[start + 2] = version >> 16
    bytes[start + 3] = isWide ? WIDE_OFFSETS : 0
    for (let i = 0; i < this.layout.nullBytes; i++) bytes[start + ROW_HEADER_BYTES + i] = 0
  }
}

/** What a column reads as in rows whose schema doesn't have it. */
export type AbsentValue = (column: RowColumn) => Value

/**
 * Reads `columns` (positions in `schema.columns`) from rows of `schema` and of the `older` ones that rows may
 * still have, oldest first.
 */
export function compileRowDecoder(
  schema: RowSchema,
  columns: readonly number[],
  older: readonly RowSchema[] = [],
  absent: AbsentValue = () => null,
): RowDecoder {
  const wanted = columns.map((position) => {
    const column = schema.columns[position]
    if (column === undefined) throw new Error('invariant: a decoder reads columns of its schema')
    return column
  })
  const readers = [...older, schema].map((source) => ({
    fromVersion: source.version,
    readers: readersFor(source, wanted, absent),
  }))
  return new RowDecoder(readers)
}

function readersFor(
  source: RowSchema,
  wanted: readonly RowColumn[],
  absent: AbsentValue,
): readonly ColumnReader[] {
  const { slots } = layoutOf(source)
  return wanted.map((column) => {
    const position = source.columns.findIndex((candidate) => candidate.id === column.id)
    return readerFor(slots[position], () => absent(column))
  })
}

interface VersionReaders {
  readonly fromVersion: number
  readonly readers: readonly ColumnReader[]
}

export class RowDecoder {
  private version = -1
  private readers: readonly ColumnReader[] = []

  constructor(private readonly versions: readonly VersionReaders[]) {}

  /** Appends every column of the row `bytes[start, end)` to the vector of the same position. */
  decode(bytes: Uint8Array, start: number, end: number, output: readonly Vector[]): void {
    const readers = this.readersOf(bytes, start)
    for (let i = 0; i < readers.length; i++) {
      ;(readers[i] as ColumnReader).append(bytes, start, end, output[i] as Vector)
    }
  }

  /** Appends the columns `positions` (of the decoder's columns) only. */
  decodeSome(
    bytes: Uint8Array,
    start: number,
    end: number,
    positions: readonly number[],
    output: readonly Vector[],
  ): void {
    const readers = this.readersOf(bytes, start)
    for (const position of positions) {
      ;(readers[position] as ColumnReader).append(bytes, start, end, output[position] as Vector)
    }
  }

  /**
   * Appends the columns `positions` (all if undefined) of the rows that begin at the first `count` of `starts`, column by column.
   * Strings are borrowed from `bytes` by vectors that are empty or borrow already; see `BytesVector.borrow`.
   */
  decodeAll(
    bytes: Buffer,
    starts: Uint32Array,
    count: number,
    output: readonly Vector[],
    positions?: readonly number[],
  ): void {
    for (let from = 0; from < count;) {
      const to = this.endOfVersion(bytes, starts, from, count)
      const readers = this.readersOf(bytes, starts[from] as number)
      const rows = from === 0 ? starts : starts.subarray(from)
      const columns = positions?.length ?? readers.length
      for (let i = 0; i < columns; i++) {
        const position = positions === undefined ? i : (positions[i] as number)
        ;(readers[position] as ColumnReader).appendAll(bytes, rows, to - from, output[position] as Vector)
      }
      from = to
    }
  }

  /** Whether any of the columns are strings, which rows keep at their ends. */
  get hasStrings(): boolean {
    return this.versions.some(({ readers }) => readers.some((reader) => reader.borrows))
  }

  /** The first row from `from` on whose schema has another version. */
  private endOfVersion(bytes: Buffer, starts: Uint32Array, from: number, count: number): number {
    const version = versionOf(bytes, starts[from] as number)
    let to = from + 1
    while (to < count && versionOf(bytes, starts[to] as number) === version) to++
    return to
  }

  /** The decoder's columns as values. Bytes are copied, so that nothing of the row is held. */
  values(bytes: Uint8Array, start: number, end: number): Value[] {
    return this.readersOf(bytes, start).map((reader) => reader.value(bytes, start, end))
  }

  /** Value of the decoder's column `position`. */
  value(bytes: Uint8Array, start: number, end: number, position: number): Value {
    return (this.readersOf(bytes, start)[position] as ColumnReader).value(bytes, start, end)
  }

  private readersOf(bytes: Uint8Array, start: number): readonly ColumnReader[] {
    const version = versionOf(bytes, start)
    return version === this.version ? this.readers : this.select(version)
  }

  private select(version: number): readonly ColumnReader[] {
    let chosen = this.versions[0] as VersionReaders
    for (const candidate of this.versions) if (candidate.fromVersion <= version) chosen = candidate
    this.version = version
    this.readers = chosen.readers
    return chosen.readers
  }
}

function versionOf(bytes: Uint8Array, start: number): number {
  return (bytes[start] as number) | ((bytes[start + 1] as number) << 8) | ((bytes[start + 2] as number) << 16)
}
