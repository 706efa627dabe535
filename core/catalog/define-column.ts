/**
 * Column definitions: syntax to definition (MySQL manual 15.1.20, 13.6 "Data Type Default Values", 15.1.20.8 "Generated Columns").
 */
import { compileStore } from '../common/conversion.js'
import { isSqlError, sqlError } from '../common/sql-error.js'
import {
  isApproximate,
  isBinary,
  isInteger,
  isNumeric,
  isText,
  textType,
  type SqlType,
} from '../common/sql-type.js'
import { exact, type Value } from '../common/value.js'
import { codePointCount } from '../common/value-text.js'
import type { ColumnDefault, ColumnDefinition } from '../plan/schema.js'
import type {
  ColumnDefaultClause,
  ColumnDefinition as ColumnSyntax,
  NowFunction,
} from '../plan/syntax/definition.js'
import type { Expression } from '../plan/syntax/expression.js'
import { columnType } from './column-type.js'
import type { TableDefinitionContext } from './definition-context.js'
import { checkColumnName } from './names.js'
import { objectionTo } from './syntax-walk.js'

const COMMENT_LENGTH_MAX = 1024

export interface ColumnSurroundings {
  readonly tableCollation: string
  /** Whether the column is part of the primary key, which makes it NOT NULL. */
  readonly isInPrimaryKey: boolean
  /** The column's id; undefined draws a new one. */
  readonly id: number | undefined
}

/**
 * One column. What it says about others (keys, checks, references) is left to the callers. Throws ER_INVALID_DEFAULT,
 * ER_BLOB_CANT_HAVE_DEFAULT, ER_WRONG_FIELD_SPEC, ER_PRIMARY_CANT_HAVE_NULL and what `columnType` throws.
 */
export function defineColumn(
  syntax: ColumnSyntax,
  surroundings: ColumnSurroundings,
  context: TableDefinitionContext,
): ColumnDefinition {
  const { name } = syntax
  checkColumnName(name)
  const comment = syntax.comment ?? ''
  if (codePointCount(comment) > COMMENT_LENGTH_MAX) {
    throw sqlError('ER_TOO_LONG_FIELD_COMMENT', name, COMMENT_LENGTH_MAX)
  }
  const type = columnType(syntax.type, name, surroundings.tableCollation, context)
  const isPrimary = surroundings.isInPrimaryKey
  if (isPrimary && syntax.nullable === true) throw sqlError('ER_PRIMARY_CANT_HAVE_NULL')
  const nullable = isPrimary || syntax.autoIncrement ? false : (syntax.nullable ?? true)
  if (syntax.autoIncrement) checkAutoIncrement(syntax, type, context)
  checkOnUpdate(syntax, type)
  return Object.freeze({
    id: surroundings.id ?? context.allocateId(),
    name,
    type,
    nullable,
    default: columnDefault(syntax, type, nullable, context),
    autoIncrement: syntax.autoIncrement,
    onUpdateNow: syntax.onUpdateNow !== undefined,
    generated: generatedColumn(syntax, context),
    comment,
    invisible: syntax.visible === false,
  })
}

function checkAutoIncrement(syntax: ColumnSyntax, type: SqlType, context: TableDefinitionContext): void {
  if (!isInteger(type) && !isApproximate(type)) throw sqlError('ER_WRONG_FIELD_SPEC', syntax.name)
  if (syntax.default !== undefined) throw sqlError('ER_INVALID_DEFAULT', syntax.name)
  if (syntax.generated !== undefined) throw sqlError('ER_WRONG_USAGE', 'AUTO_INCREMENT', 'generated column')
  if (isApproximate(type)) {
    context.warn('Warning', 'ER_WARN_DEPRECATED_FLOAT_AUTO_INCREMENT', syntax.name)
  }
}

function checkOnUpdate(syntax: ColumnSyntax, type: SqlType): void {
  const { onUpdateNow } = syntax
  if (onUpdateNow === undefined) return
  if (syntax.generated !== undefined) throw sqlError('ER_WRONG_USAGE', 'ON UPDATE', 'generated column')
  if (!takesNow(type, onUpdateNow)) throw sqlError('ER_INVALID_ON_UPDATE', syntax.name)
}

function takesNow(type: SqlType, now: Pick<NowFunction, 'fractionDigits'>): boolean {
  return (type.name === 'timestamp' || type.name === 'datetime') && type.scale === now.fractionDigits
}

// ---- DEFAULT --------------------------------------------------------------------------------------------------

/** Whether a column of the type can't have a literal as its default. */
function isLarge(type: SqlType): boolean {
  return type.name === 'json' || /text$|blob$/.test(type.name)
}

const NO_DEFAULT: ColumnDefault = Object.freeze({ kind: 'none' })
const NULL_DEFAULT: ColumnDefault = Object.freeze({ kind: 'value', value: null })

function columnDefault(
  syntax: ColumnSyntax,
  type: SqlType,
  nullable: boolean,
  context: TableDefinitionContext,
): ColumnDefault {
  if (syntax.generated !== undefined) {
    if (syntax.default !== undefined) throw sqlError('ER_WRONG_USAGE', 'DEFAULT', 'generated column')
    return NO_DEFAULT
  }
  if (syntax.default === undefined) return nullable ? NULL_DEFAULT : NO_DEFAULT
  return defaultOf(syntax.default, { name: syntax.name, type, nullable }, context)
}

/** A DEFAULT clause for a column; also of ALTER COLUMN … SET DEFAULT. */
export function defaultOf(
  clause: ColumnDefaultClause,
  column: { readonly name: string; readonly type: SqlType; readonly nullable: boolean },
  context: TableDefinitionContext,
): ColumnDefault {
  const { value } = clause
  const { name, type } = column
  if (clause.parenthesised) {
    checkDefaultExpression(value, name)
    return { kind: 'expression', sql: context.expressions.print(value) }
  }
  if (value.kind === 'null') {
    if (!column.nullable) throw sqlError('ER_INVALID_DEFAULT', name)
    return NULL_DEFAULT
  }
  if (value.kind === 'function') {
    if (!takesNow(type, { fractionDigits: digitsOfNow(value.arguments[0]) })) {
      throw sqlError('ER_INVALID_DEFAULT', name)
    }
    return { kind: 'now' }
  }
  if (isLarge(type)) throw sqlError('ER_BLOB_CANT_HAVE_DEFAULT', name)
  return { kind: 'value', value: literalDefault(value, name, type, context) }
}

function digitsOfNow(argument: Expression | undefined): number {
  return argument?.kind === 'number' ? Number(argument.text) : 0
}

function checkDefaultExpression(expression: Expression, column: string): void {
  const objection = objectionTo(expression, 'default')
  if (objection === undefined) return
  if (objection.kind === 'function') {
    throw sqlError('ER_DEFAULT_VAL_GENERATED_NAMED_FUNCTION_IS_NOT_ALLOWED', column, objection.name)
  }
  if (objection.kind === 'variable') throw sqlError('ER_DEFAULT_VAL_GENERATED_VARIABLES', column)
  throw sqlError('ER_DEFAULT_VAL_GENERATED_FUNCTION_IS_NOT_ALLOWED', column)
}

/** The literal in the column's own type. Whatever doesn't fit as it is, is no default. */
function literalDefault(
  expression: Expression,
  column: string,
  type: SqlType,
  context: TableDefinitionContext,
): Value {
  if (expression.kind === 'hex' || expression.kind === 'bit') {
    if (isNumeric(type)) return storeDefault(bigEndian(expression.bytes), UNSIGNED, column, type, context)
  }
  const literal = context.expressions.literal(expression)
  const text = expression.kind === 'number' ? expression.text : literal.value
  if (type.members !== undefined && typeof text === 'string') {
    // Members are named, not counted: 1 is the member '1', if there is one.
    if (/^\d+$/.test(text) && !type.members.includes(text)) throw sqlError('ER_INVALID_DEFAULT', column)
    return storeDefault(text, textType(text.length, type.collation), column, type, context)
  }
  return storeDefault(literal.value, literal.type, column, type, context)
}

const UNSIGNED: SqlType = Object.freeze({
  name: 'bigint',
  unsigned: true,
  zerofill: false,
  length: 20,
  scale: 0,
  collation: 'binary',
})

/** Hex and bit literals are numbers for number columns. */
function bigEndian(bytes: string): Value {
  const hex = Buffer.from(bytes, 'latin1').toString('hex')
  return exact(BigInt.asUintN(64, hex === '' ? 0n : BigInt(`0x${hex}`)))
}

function storeDefault(
  value: Value,
  from: SqlType,
  column: string,
  type: SqlType,
  context: TableDefinitionContext,
): Value {
  try {
    return compileStore(type, from)(value, context.defaults, column, 1)
  } catch (cause) {
    if (!isSqlError(cause)) throw cause
    throw sqlError('ER_INVALID_DEFAULT', column)
  }
}

// ---- Generated columns ----------------------------------------------------------------------------------------

function generatedColumn(
  syntax: ColumnSyntax,
  context: TableDefinitionContext,
): ColumnDefinition['generated'] {
  const { generated, name } = syntax
  if (generated === undefined) return undefined
  const objection = objectionTo(generated.expression, 'generated')
  if (objection?.kind === 'function') {
    throw sqlError('ER_GENERATED_COLUMN_NAMED_FUNCTION_IS_NOT_ALLOWED', name, objection.name)
  }
  if (objection?.kind === 'variable') throw sqlError('ER_GENERATED_COLUMN_VARIABLES', name)
  if (objection !== undefined) throw sqlError('ER_GENERATED_COLUMN_FUNCTION_IS_NOT_ALLOWED', name)
  return Object.freeze({ sql: context.expressions.print(generated.expression), stored: generated.stored })
}

/** Whether SHOW prints DEFAULT NULL for a nullable column of the type. */
export function showsNullDefault(type: SqlType): boolean {
  return type.name === 'json' || !isLarge(type)
}

/** Most bytes of a value inside the row; of large values only a pointer counts (manual 10.4.7). */
export function rowBytesOf(type: SqlType, bytesPerChar: number): number {
  if (isLarge(type)) return 8 + 1
  if (isText(type)) {
    const bytes = type.length * bytesPerChar
    return type.name === 'char' ? bytes : bytes + (bytes > 255 ? 2 : 1)
  }
  if (isBinary(type)) return type.name === 'binary' ? type.length : type.length + (type.length > 255 ? 2 : 1)
  return NUMBER_BYTES[type.name]?.(type) ?? 8
}

const NUMBER_BYTES: Readonly<Partial<Record<SqlType['name'], (type: SqlType) => number>>> = {
  tinyint: () => 1,
  smallint: () => 2,
  mediumint: () => 3,
  int: () => 4,
  float: () => 4,
  year: () => 1,
  date: () => 3,
  time: (type) => 3 + fractionBytes(type),
  timestamp: (type) => 4 + fractionBytes(type),
  datetime: (type) => 5 + fractionBytes(type),
  bit: (type) => Math.ceil(type.length / 8),
  decimal: (type) => decimalBytes(type.length - type.scale) + decimalBytes(type.scale),
  enum: (type) => ((type.members?.length ?? 0) > 255 ? 2 : 1),
  set: (type) => setBytes(type.members?.length ?? 0),
}

function fractionBytes(type: SqlType): number {
  return Math.ceil(type.scale / 2)
}

/** Nine digits take four bytes, fewer take fewer. */
function decimalBytes(digits: number): number {
  return Math.floor(digits / 9) * 4 + Math.ceil((digits % 9) / 2)
}

function setBytes(members: number): number {
  const bytes = Math.ceil(members / 8)
  return bytes > 4 ? 8 : bytes
}
