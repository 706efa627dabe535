/**
 * Binds LOAD DATA (MySQL manual 15.2.9): an INSERT whose rows are the lines of a file.
 */
import { requireCharset } from '../common/charsets.js'
import { charsetOfCollation } from '../common/collations.js'
import type { WarningSink } from '../common/evaluation.js'
import { sqlError } from '../common/sql-error.js'
import { BIGINT_TYPE, binaryType, isBinary, textType, type SqlType } from '../common/sql-type.js'
import type { InsertPlan } from '../plan/change.js'
import type { ColumnId, Expression } from '../plan/expression.js'
import type { LineFormat, LoadedField } from '../plan/file.js'
import type { LogicalNode, OutputColumn } from '../plan/logical.js'
import type { ColumnDefinition, TableDefinition } from '../plan/schema.js'
import type { FileFormat, LoadStatement } from '../plan/syntax/index.js'
import { assigned } from './assignments.js'
import type { Binding, ExpressionContext } from './binding.js'
import { plainContext } from './binding.js'
import { convertTo } from './calls.js'
import { tableRelation } from './relations.js'
import { columnPosition } from './insert.js'
import { defaultExpression, missingValue, rowRules } from './row-rules.js'
import { sameName, Scope, type ScopeRelation } from './scope.js'
import { writableTable } from './targets.js'

const FIELD_TYPE = binaryType(4294967295)
const TEXT_LENGTH_MAX = 4294967295

/** Under LOCAL the client can't be told to stop, so that what is wrong is left out with a warning. */
export function ignoresErrors(syntax: LoadStatement): boolean {
  return syntax.duplicates === 'ignore' || (syntax.local && syntax.duplicates === undefined)
}

export function bindLoad(binding: Binding, syntax: LoadStatement): InsertPlan {
  if (syntax.format === 'xml') throw sqlError('ER_NOT_SUPPORTED_YET', 'LOAD XML')
  if (syntax.partitions.length > 0) throw sqlError('ER_NOT_SUPPORTED_YET', 'PARTITION')
  binding.forbidCaching()
  const table = writableTable(binding, syntax.table, 'LOAD')
  const relation = tableRelation(binding, table, table.name)
  const format = lineFormat(binding, syntax)
  const charset = fileCharset(binding, syntax)
  const fields = fieldsOf(binding, syntax, table)
  const lineState = binding.newColumn()
  const file: LogicalNode = {
    kind: 'file',
    format,
    widths: isFixed(format) ? fixedWidths(fields, table, format) : undefined,
    output: [
      ...fields.map((field) => ({ id: field.source, name: '', type: FIELD_TYPE, nullable: true })),
      { id: lineState, name: '', type: BIGINT_TYPE, nullable: false },
    ],
  }
  const assignments = bindAssignments(binding, syntax, { table, relation, fields, charset })
  const old = tableRelation(binding, table, table.name)
  return {
    kind: 'insert',
    rules: rowRules(binding, table, relation),
    source: withAssignments(binding, file, assignments),
    targets: assignments.map(({ column, output }) => ({ column, source: output })),
    defaultPlaces: undefined,
    ignored: [],
    missing: table.columns.map((column) => missingValue(binding, column, relation)),
    mode: syntax.duplicates === 'replace' ? 'replace' : 'insert',
    ignore: ignoresErrors(syntax),
    onDuplicate: undefined,
    readForDuplicate: [],
    onUpdate: [],
    oldLayout: old.columns.map((column): ColumnId => column.id),
    oldRules: rowRules(binding, table, old),
    load: { fields, lineState, charset },
  }
}

// ── The file ──────────────────────────────────────────────────────────────────────────────────────────────────────

function lineFormat(binding: Binding, syntax: LoadStatement): LineFormat {
  return { ...textFormat(syntax.fileFormat, binding.environment), ignoreLines: syntax.ignoreLines }
}

/** FIELDS and LINES with their defaults. Throws ER_WRONG_FIELD_TERMINATORS. */
export function textFormat(format: FileFormat, warnings: WarningSink): Omit<LineFormat, 'ignoreLines'> {
  const texts = {
    fieldsTerminatedBy: format.fieldsTerminatedBy ?? '\t',
    fieldsEnclosedBy: format.fieldsEnclosedBy ?? '',
    fieldsEscapedBy: format.fieldsEscapedBy ?? '\\',
    linesStartingBy: format.linesStartingBy ?? '',
    linesTerminatedBy: format.linesTerminatedBy ?? '\n',
  }
  if (texts.fieldsEnclosedBy.length > 1 || texts.fieldsEscapedBy.length > 1) {
    throw sqlError('ER_WRONG_FIELD_TERMINATORS')
  }
  if (Object.values(texts).some((text) => /[^\0-\x7f]/.test(text))) {
    warnings.warn('Warning', 'WARN_NON_ASCII_SEPARATOR_NOT_IMPLEMENTED')
  }
  return { ...texts, fieldsOptionallyEnclosed: format.fieldsOptionallyEnclosed }
}

/** Character sets in which a separator could be part of a character can't be read, as in MySQL. */
function fileCharset(binding: Binding, { charset, table }: LoadStatement): string {
  const name =
    charset ?? String(binding.evaluation.session.systemVariable('character_set_database', 'session'))
  const found = requireCharset(name)
  if (['ucs2', 'utf16', 'utf16le', 'utf32'].includes(found.name)) {
    throw sqlError('ER_NOT_SUPPORTED_YET', `LOAD DATA of ${table.name} with CHARACTER SET ${found.name}`)
  }
  return found.name
}

/** Without separators fields are told by their widths. */
function isFixed(format: LineFormat): boolean {
  return format.fieldsTerminatedBy === '' && format.fieldsEnclosedBy === ''
}

/** Throws ER_BLOBS_AND_NO_TERMINATED, ER_LOAD_FROM_FIXED_SIZE_ROWS_TO_VAR. */
function fixedWidths(
  fields: readonly LoadedField[],
  table: TableDefinition,
  { linesTerminatedBy }: LineFormat,
): readonly number[] {
  return fields.map(({ column, variable }) => {
    if (variable !== undefined) throw sqlError('ER_LOAD_FROM_FIXED_SIZE_ROWS_TO_VAR')
    const type = table.columns[column ?? -1]?.type
    if (type === undefined) return 0
    if (isUnbounded(type) && linesTerminatedBy === '') throw sqlError('ER_BLOBS_AND_NO_TERMINATED')
    return fixedWidth(type)
  })
}

const INTEGER_WIDTHS: Readonly<Partial<Record<SqlType['name'], number>>> = {
  tinyint: 4,
  smallint: 6,
  mediumint: 8,
  int: 11,
  bigint: 20,
}

/** What is read of a value that may have any length. */
const UNBOUNDED_WIDTH = 256

export function isUnbounded(type: SqlType): boolean {
  return type.name === 'json' || /text$|blob$/.test(type.name)
}

/** Bytes that hold every value of the type in a file without separators. */
export function fixedWidth(type: SqlType): number {
  if (isUnbounded(type)) return UNBOUNDED_WIDTH
  const integer = INTEGER_WIDTHS[type.name]
  if (integer !== undefined) return integer
  switch (type.name) {
    case 'decimal':
      // The sign, and the point.
      return type.length + (type.unsigned ? 0 : 1) + (type.scale > 0 ? 1 : 0)
    case 'enum':
    case 'set': {
      const widths = (type.members ?? []).map((member) => byteWidth(member.length, type))
      if (type.name === 'enum') return Math.max(0, ...widths)
      return widths.reduce((sum, width) => sum + width, Math.max(0, widths.length - 1))
    }
    case 'char':
    case 'varchar':
      return byteWidth(type.length, type)
    case 'bit':
      return (type.length + 7) >> 3
    default:
      return type.length
  }
}

function byteWidth(characters: number, type: SqlType): number {
  return characters * charsetOfCollation(type.collation).bytesPerCharMax
}

/** What the fields of a line are for; without a list, the visible columns. Generated columns take no values. */
function fieldsOf(
  binding: Binding,
  { targets }: LoadStatement,
  table: TableDefinition,
): readonly LoadedField[] {
  const field = (column: number | undefined, variable: string | undefined): LoadedField => ({
    source: binding.newColumn(),
    column: table.columns[column ?? -1]?.generated === undefined ? column : undefined,
    variable,
  })
  if (targets.length === 0) {
    return table.columns.flatMap((column, i) => (column.invisible ? [] : [field(i, undefined)]))
  }
  return targets.map((target) =>
    target.kind === 'userVariable'
      ? field(undefined, target.name)
      : field(columnPosition(table, target), undefined),
  )
}

// ── SET ───────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Loaded {
  readonly table: TableDefinition
  readonly relation: ScopeRelation
  readonly fields: readonly LoadedField[]
  readonly charset: string
}

interface BoundAssignment {
  readonly column: number
  readonly output: ColumnId
  readonly expression: Expression
}

/** Columns read as the values that they have so far: of the file, of assignments before, of their defaults. */
function bindAssignments(
  binding: Binding,
  syntax: LoadStatement,
  { table, relation, fields, charset }: Loaded,
): readonly BoundAssignment[] {
  const done: BoundAssignment[] = []
  const context: ExpressionContext = {
    ...plainContext(new Scope(undefined, []), 'field list'),
    defaultOf: (name) => {
      const column = table.columns.find((each) => sameName(each.name, name))
      return column === undefined ? undefined : defaultExpression(binding, column, relation)
    },
    alias: (name) => {
      const position = table.columns.findIndex((each) => sameName(each.name, name))
      const column = table.columns[position]
      if (column === undefined) return undefined
      const before = done.findLast((each) => each.column === position)
      if (before !== undefined) return convertTo(before.expression, column.type)
      const field = fields.findLast((each) => each.column === position)
      if (field !== undefined) return convertTo(fieldText(field, charset, column.type), column.type)
      const value = missingValue(binding, column, relation)
      return value.kind === 'expression' ? value.expression : undefined
    },
    userVariable: (name) => {
      const wanted = name.toLowerCase()
      const field = fields.findLast((each) => each.variable?.toLowerCase() === wanted)
      return field === undefined ? undefined : fieldText(field, charset, undefined)
    },
  }
  for (const { column: reference, value } of syntax.assignments) {
    const position = columnPosition(table, reference)
    const column = table.columns[position] as ColumnDefinition
    if (value.kind !== 'defaultKeyword' && column.generated !== undefined) {
      throw sqlError('ER_NON_DEFAULT_VALUE_FOR_GENERATED_COLUMN', column.name, table.name)
    }
    const expression =
      value.kind === 'defaultKeyword'
        ? defaultExpression(binding, column, relation)
        : assigned(binding.expression(value, context), column)
    done.push({ column: position, output: binding.newColumn(), expression })
  }
  return done
}

/** The value of a field as an expression: text in the character set of the file, bytes where the column takes bytes. */
function fieldText(field: LoadedField, charset: string, column: SqlType | undefined): Expression {
  const bytes: Expression = {
    kind: 'column',
    column: field.source,
    type: FIELD_TYPE,
    nullable: true,
    coercibility: 2,
    text: field.variable === undefined ? '' : `@${field.variable}`,
  }
  const isBytes = charset === 'binary' || (column !== undefined && isBinary(column))
  if (isBytes) return bytes
  return convertTo(bytes, textType(TEXT_LENGTH_MAX, requireCharset(charset).defaultCollation))
}

/** The file's columns, and the values of SET beside them. */
function withAssignments(
  binding: Binding,
  file: LogicalNode,
  assignments: readonly BoundAssignment[],
): LogicalNode {
  if (assignments.length === 0) return file
  const kept = file.output.map((column): OutputColumn => ({ ...column, id: column.id }))
  const computed = assignments.map(({ output, expression }): OutputColumn => ({
    id: output,
    name: '',
    type: expression.type,
    nullable: expression.nullable,
  }))
  return {
    kind: 'project',
    input: file,
    expressions: [
      ...kept.map((column): Expression => ({
        kind: 'column',
        column: column.id,
        type: column.type,
        nullable: column.nullable,
        coercibility: 2,
        text: '',
      })),
      ...assignments.map(({ expression }) => expression),
    ],
    output: [...kept, ...computed],
  }
}
