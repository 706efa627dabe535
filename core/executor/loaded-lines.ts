/**
 * Lines of a file as new rows of a table: each field is assigned to its column as LOAD DATA does (MySQL manual 15.2.9), which is not
 * quite as INSERT does.
 */
import type { Batch } from '../common/batch.js'
import { requireCharset } from '../common/charsets.js'
import type { Charset } from '../common/collation.js'
import { escapedBytes, raise } from '../common/conditions.js'
import { compileStore, type Store } from '../common/store.js'
import type { EvaluationContext } from '../common/evaluation.js'
import { binaryType, isBinary, textType, type SqlType } from '../common/sql-type.js'
import { createFields, packDatetime, setEpochMicros } from '../common/temporal.js'
import { UTC_TIME_ZONE } from '../common/time-zones.js'
import type { Value } from '../common/value.js'
import type { BytesVector, ExactVector } from '../common/vector.js'
import { LINE_STATE, type LoadRules } from '../plan/file.js'
import type { OutputColumn } from '../plan/logical.js'
import type { ColumnDefinition, TableDefinition } from '../plan/schema.js'
import type { BulkSource } from './bulk-conversion.js'
import { implicitDefault } from '../common/implicit-defaults.js'

const BYTES_TYPE = binaryType(4294967295)
const TEXT_LENGTH_MAX = 4294967295

interface CompiledField {
  /** Position in the source. */
  readonly from: number
  /** Position in the table; -1 for a field that goes elsewhere. */
  readonly column: number
  readonly definition: ColumnDefinition | undefined
  readonly variable: string | undefined
  readonly store: Store
}

export class LineCompiler {
  private readonly fields: readonly CompiledField[]
  private readonly lineState: number
  private readonly loaded: ReadonlySet<number>
  private readonly charset: Charset
  private readonly textType: SqlType

  constructor(
    private readonly table: TableDefinition,
    rules: LoadRules,
    source: readonly OutputColumn[],
  ) {
    const positions = new Map(source.map((column, i) => [column.id, i] as const))
    const charset = requireCharset(rules.charset)
    this.charset = charset
    this.textType =
      charset.name === 'binary' ? BYTES_TYPE : textType(TEXT_LENGTH_MAX, charset.defaultCollation)
    this.fields = rules.fields.map(({ source: from, column, variable }) => {
      const definition = column === undefined ? undefined : table.columns[column]
      return {
        from: positions.get(from) ?? -1,
        column: column ?? -1,
        definition,
        variable,
        store: definition === undefined ? asItIs : this.storeOf(definition.type, charset),
      }
    })
    this.lineState = positions.get(rules.lineState) ?? -1
    this.loaded = new Set(this.fields.map(({ column }) => column))
  }

  /** Bytes of the file as the column stores them; text is read in the character set of the file. */
  private storeOf(type: SqlType, charset: Charset): Store {
    if (charset.name === 'binary' || isBinary(type) || type.name === 'bit') {
      return compileStore(type, BYTES_TYPE)
    }
    const store = compileStore(type, this.textType)
    return (value, context, name, row) => {
      const bytes = value as Uint8Array
      const invalid = charset.firstInvalid(bytes)
      if (invalid < 0) return store(charset.decode(bytes), context, name, row)
      const shown = escapedBytes(bytes.subarray(invalid))
      raise(context, 'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD', 'string', shown, name, row)
      return store(charset.decode(bytes, 0, invalid), context, name, row)
    }
  }

  /** Where bulk loading finds the field of a column. */
  bulkSource(column: number): BulkSource | undefined {
    const field = this.fields.find((each) => each.column === column)
    return field === undefined ? undefined : { kind: 'text', from: field.from, store: field.store }
  }

  /** Whether every line has exactly the fields that it should have. */
  isRegular(batch: Batch): boolean {
    const states = (batch.columns[this.lineState] as ExactVector).values
    const { length } = this.fields
    for (let row = 0; row < batch.rowCount; row++) if (states[row] !== length) return false
    return true
  }

  hasField(column: number): boolean {
    return this.loaded.has(column)
  }

  /** Whether there is text behind the last field of a line. */
  isCut(batch: Batch, row: number): boolean {
    return this.stateOf(batch, row) >= LINE_STATE.cut
  }

  /** A new row with what the line says of it; undefined places are for others to fill. */
  values(batch: Batch, row: number, context: EvaluationContext, rowNumber: number): Value[] {
    const present = this.stateOf(batch, row) & LINE_STATE.fields
    const values = new Array<Value>(this.table.columns.length).fill(null)
    const { fields } = this
    for (let i = 0; i < fields.length; i++) {
      const { from, column, definition, store } = fields[i] as CompiledField
      if (definition === undefined) continue
      if (i >= present) {
        raise(context, 'ER_WARN_TOO_FEW_RECORDS', rowNumber)
        values[column] = absentValue(definition, context)
        continue
      }
      const bytes = (batch.columns[from] as BytesVector).get(row)
      values[column] =
        bytes === null
          ? nullValue(definition, context, rowNumber)
          : store(bytes, context, definition.name, rowNumber)
    }
    return values
  }

  /** User variables keep what the last line had for them. */
  keepVariables(batch: Batch, context: EvaluationContext): void {
    if (batch.rowCount === 0) return
    const row = batch.rowCount - 1
    for (const { from, variable } of this.fields) {
      if (variable === undefined) continue
      const bytes = (batch.columns[from] as BytesVector).get(row) as Uint8Array | null
      const value = bytes === null || this.charset.name === 'binary' ? bytes : this.charset.decode(bytes)
      context.session.setUserVariable(variable, { type: this.textType, value })
    }
  }

  private stateOf(batch: Batch, row: number): number {
    return (batch.columns[this.lineState] as ExactVector).values[row] as number
  }
}

const asItIs: Store = (value) => value

/** A field that the line doesn't have: the zero of the type, also where the column has another default, as MySQL's servers do it. */
function absentValue(column: ColumnDefinition, context: EvaluationContext): Value {
  const isNull =
    column.default.kind === 'none' || (column.default.kind === 'value' && column.default.value === null)
  if (column.nullable && isNull) return null
  return column.type.name === 'timestamp' && !column.nullable
    ? now(column.type, context)
    : implicitDefault(column.type)
}

/** NULL for a column that takes none is its zero; the time of the statement for TIMESTAMP, the next number for AUTO_INCREMENT. */
function nullValue(column: ColumnDefinition, context: EvaluationContext, rowNumber: number): Value {
  if (column.nullable || column.autoIncrement) return null
  if (column.type.name === 'timestamp') return now(column.type, context)
  raise(context, 'ER_WARN_NULL_TO_NOTNULL', column.name, rowNumber)
  return implicitDefault(column.type)
}

const parts = createFields()

function now(type: SqlType, context: EvaluationContext): Value {
  setEpochMicros(parts, context.statementTimeMicros, UTC_TIME_ZONE)
  return packDatetime(parts, type.scale)
}
