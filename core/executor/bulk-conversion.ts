/**
 * New rows by the column instead of by the row, for statements that write many: a batch of the source becomes a batch of the table, if no
 * value in it gives rise to a warning or an error. Otherwise the batch goes row by row, so that conditions come in their order.
 */
import type { Batch } from '../common/batch.js'
import { Batch as TableBatch } from '../common/batch.js'
import { requireCollation } from '../common/collations.js'
import { integerRange } from '../common/conversion-number.js'
import type { Store } from '../common/conversion.js'
import type { EvaluationContext } from '../common/evaluation.js'
import { isPlainText, plainDate, plainDatetime, plainDecimal, plainInteger } from '../common/plain-bytes.js'
import { isBinary, isInteger, isTemporal, isText, sameType, type SqlType } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import type { BytesVector, ExactVector, Vector } from '../common/vector.js'
import type { ColumnDefinition, TableDefinition } from '../plan/schema.js'

/** Where the values of a table's column come from. */
export type BulkSource =
  | { readonly kind: 'column'; readonly from: number; readonly type: SqlType; readonly store: Store }
  /** Text of a file, in a character set whose ASCII is ASCII; `store` takes its bytes. */
  | { readonly kind: 'text'; readonly from: number; readonly store: Store }
  | { readonly kind: 'constant'; readonly value: Value }
  /** AUTO_INCREMENT that the statement leaves out: filled in by the caller. */
  | { readonly kind: 'numbered' }

/** Appends all rows of the source's vector to the table's; false if one of them isn't plain. */
type Kernel = (source: Vector, rowCount: number, target: Vector) => boolean

interface BulkColumn {
  readonly definition: ColumnDefinition
  readonly source: BulkSource
  readonly kernel: Kernel | undefined
}

export class BulkConversion {
  private readonly columns: readonly BulkColumn[]
  private readonly types: readonly SqlType[]

  constructor(table: TableDefinition, sources: readonly BulkSource[]) {
    this.types = table.columns.map((column) => column.type)
    this.columns = table.columns.map((definition, i): BulkColumn => {
      const source = sources[i] as BulkSource
      return { definition, source, kernel: kernelOf(definition.type, source) }
    })
  }

  newBatch(): Batch {
    return TableBatch.ofTypes(this.types)
  }

  /** Makes `target`, which is empty, the rows of `batch`; false if they have to go one by one. */
  convert(batch: Batch, target: Batch, context: EvaluationContext): boolean {
    const { columns } = this
    for (let i = 0; i < columns.length; i++) {
      if (!this.convertColumn(columns[i] as BulkColumn, batch, target.columns[i] as Vector, context))
        return false
    }
    target.rowCount = batch.rowCount
    return true
  }

  private convertColumn(
    { definition, source, kernel }: BulkColumn,
    batch: Batch,
    target: Vector,
    context: EvaluationContext,
  ): boolean {
    const { rowCount } = batch
    switch (source.kind) {
      case 'numbered':
        return true
      case 'constant':
        for (let row = 0; row < rowCount; row++) target.push(source.value)
        return source.value !== null || definition.nullable
      case 'column':
      case 'text': {
        const vector = batch.columns[source.from] as Vector
        // NULL asks for the next number.
        if (
          vector.hasNulls &&
          (!definition.nullable || definition.autoIncrement) &&
          hasNull(vector, rowCount)
        )
          return false
        if (kernel?.(vector, rowCount, target) === true) return true
        target.clear()
        return storeAll(source.store, definition.name, vector, rowCount, target, context)
      }
    }
  }
}

function hasNull(vector: Vector, rowCount: number): boolean {
  for (let row = 0; row < rowCount; row++) if (vector.nulls[row] === 1) return true
  return false
}

/** By the rules of assignment, up to the first value that there is something to say about. */
function storeAll(
  store: Store,
  name: string,
  source: Vector,
  rowCount: number,
  target: Vector,
  context: EvaluationContext,
): boolean {
  const quiet = Object.create(context, {
    strict: { value: true },
    warn: { value: refuse },
  }) as EvaluationContext
  try {
    for (let row = 0; row < rowCount; row++) target.push(store(source.get(row), quiet, name, 0))
    return true
  } catch {
    return false
  }
}

function refuse(): never {
  throw new Error('a condition')
}

// ── Kernels ───────────────────────────────────────────────────────────────────────────────────────────────────────

function kernelOf(type: SqlType, source: BulkSource): Kernel | undefined {
  if (source.kind === 'column') {
    // What was a date under one sql_mode may be none under another.
    if (!sameType(type, source.type) || type.name === 'json' || isTemporal(type)) return undefined
    return (vector, rowCount, target) => {
      target.pushAll(vector, rowCount)
      return true
    }
  }
  return source.kind === 'text' ? textKernel(type) : undefined
}

function textKernel(type: SqlType): Kernel | undefined {
  if (isInteger(type)) return integerKernel(type)
  if (type.name === 'decimal') return decimalKernel(type)
  if (type.name === 'date') return numberKernel(plainDate)
  if (type.name === 'datetime') {
    const decimals = type.scale
    return numberKernel((bytes, start, end) => plainDatetime(bytes, start, end, decimals))
  }
  if (isText(type)) return stringKernel(type)
  return isBinary(type) && type.name !== 'binary' ? bytesKernel(type) : undefined
}

/** NaN stands for a value that isn't plain. */
type ReadNumber = (bytes: Uint8Array, start: number, end: number) => number

function numberKernel(read: ReadNumber): Kernel {
  return (source, rowCount, target) => {
    const { data, starts, ends, nulls } = source as BytesVector
    const into = target as ExactVector
    for (let row = 0; row < rowCount; row++) {
      if (nulls[row] === 1) {
        into.pushNull()
        continue
      }
      const value = read(data, starts[row] as number, ends[row] as number)
      if (value !== value) return false
      into.pushNumber(value)
    }
    return true
  }
}

function integerKernel(type: SqlType): Kernel {
  const { min, max } = integerRange(type)
  const least = Number(min)
  const greatest = Number(max)
  return numberKernel((bytes, start, end) => {
    const value = plainInteger(bytes, start, end)
    return value >= least && value <= greatest ? value : NaN
  })
}

function decimalKernel(type: SqlType): Kernel {
  const limit = 10 ** type.length
  const least = type.unsigned ? 0 : 1 - limit
  const { scale } = type
  return numberKernel((bytes, start, end) => {
    const value = plainDecimal(bytes, start, end, scale)
    return value >= least && value < limit ? value : NaN
  })
}

const SPACE = 0x20

/** ASCII that is no longer than the column takes; CHAR loses the spaces at its end. */
function stringKernel(type: SqlType): Kernel | undefined {
  const { charset } = requireCollation(type.collation)
  const isAsciiBased = !['ucs2', 'utf16', 'utf16le', 'utf32', 'binary'].includes(charset.name)
  if (!isAsciiBased) return undefined
  const limit = type.name === 'char' || type.name === 'varchar' ? type.length : 255
  const trims = type.name === 'char'
  return (source, rowCount, target) => {
    const { data, starts, ends, nulls } = source as BytesVector
    const into = target as BytesVector
    // The source outlives the rows that are made of it.
    const borrows = into.borrow(data)
    for (let row = 0; row < rowCount; row++) {
      if (nulls[row] === 1) {
        into.pushNull()
        continue
      }
      const start = starts[row] as number
      let end = ends[row] as number
      if (trims) while (end > start && data[end - 1] === SPACE) end--
      if (end - start > limit || !isPlainText(data, start, end)) return false
      if (borrows) into.pushSlice(start, end)
      else into.pushBytes(data, start, end)
    }
    return true
  }
}

function bytesKernel(type: SqlType): Kernel {
  const limit = type.name === 'varbinary' ? type.length : 255
  return (source, rowCount, target) => {
    const from = source as BytesVector
    for (let row = 0; row < rowCount; row++) {
      if (from.nulls[row] !== 1 && from.end(row) - from.start(row) > limit) return false
    }
    target.pushAll(source, rowCount)
    return true
  }
}
