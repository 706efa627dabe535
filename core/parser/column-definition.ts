import type {
  CheckDefinition,
  ColumnDefaultClause,
  ColumnDefinition,
  GeneratedColumn,
  NowFunction,
} from '../plan/syntax/definition.js'
import type { ColumnDataType } from '../plan/syntax/data-type.js'
import type { Expression } from '../plan/syntax/expression.js'
import { parseSpecialCall } from './calls.js'
import type { Cursor } from './cursor.js'
import { parseDataType } from './data-type.js'
import { parseForeignKeyReference } from './foreign-key.js'
import { parseLiteral, parseTemporalLiteral } from './literals.js'
import { parseCollationName, parseInteger } from './names.js'

/** Column definitions of CREATE TABLE and ALTER TABLE (manual, 15.1.20). */

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }
type Column = Mutable<Omit<ColumnDefinition, 'checks' | 'type'>> & {
  type: ColumnDataType
  checks: CheckDefinition[]
}

/** `name type attributes`. */
export function parseColumnDefinition(cursor: Cursor): ColumnDefinition {
  const { start } = cursor
  const name = cursor.identifier()
  return parseColumnBehindName(cursor, name, start)
}

/** What follows a column's name, which began at `start`. */
export function parseColumnBehindName(cursor: Cursor, name: string, start: number): ColumnDefinition {
  const isSerial = cursor.is('SERIAL')
  const type = parseDataType(cursor)
  const column: Column = {
    kind: 'column',
    name,
    type,
    nullable: isSerial ? false : undefined,
    default: undefined,
    onUpdateNow: undefined,
    autoIncrement: isSerial,
    key: isSerial ? 'unique' : undefined,
    generated: undefined,
    checks: [],
    references: undefined,
    comment: undefined,
    visible: undefined,
    columnFormat: undefined,
    storage: undefined,
    engineAttribute: undefined,
    secondaryEngineAttribute: undefined,
    srid: undefined,
    notSecondary: false,
    start,
    end: start,
  }
  while (parseAttribute(cursor, column));
  if (cursor.is('REFERENCES')) column.references = parseForeignKeyReference(cursor)
  column.end = cursor.previousEnd
  return column
}

/** Reads one attribute into `column`; false if there is none. */
function parseAttribute(cursor: Cursor, column: Column): boolean {
  switch (cursor.kind) {
    case 'NULL':
      cursor.advance()
      column.nullable = true
      return true
    case 'NOT':
      cursor.advance()
      if (cursor.expectOneOf('NULL', 'SECONDARY') === 'NULL') column.nullable = false
      else column.notSecondary = true
      return true
    case 'DEFAULT':
      column.default = parseDefault(cursor)
      return true
    case 'ON':
      cursor.advance()
      cursor.expect('UPDATE')
      column.onUpdateNow = parseNow(cursor)
      return true
    case 'GENERATED':
    case 'AS':
      column.generated = parseGenerated(cursor)
      return true
    case 'CONSTRAINT':
    case 'CHECK':
      column.checks.push(parseCheck(cursor))
      return true
    default:
      return parseKeyAttribute(cursor, column) || parseStorageAttribute(cursor, column)
  }
}

/** AUTO_INCREMENT, keys and SERIAL DEFAULT VALUE. */
function parseKeyAttribute(cursor: Cursor, column: Column): boolean {
  switch (cursor.kind) {
    case 'AUTO_INCREMENT':
      cursor.advance()
      column.autoIncrement = true
      return true
    case 'SERIAL':
      cursor.advance()
      cursor.expectAll('DEFAULT', 'VALUE')
      column.autoIncrement = true
      column.nullable = false
      column.key ??= 'unique'
      return true
    case 'PRIMARY':
      cursor.advance()
      cursor.expect('KEY')
      column.key = 'primary'
      return true
    case 'KEY':
      cursor.advance()
      column.key = 'primary'
      return true
    case 'UNIQUE':
      cursor.advance()
      cursor.accept('KEY')
      column.key ??= 'unique'
      return true
    default:
      return false
  }
}

const COLUMN_FORMATS = { FIXED: 'fixed', DYNAMIC: 'dynamic', DEFAULT: 'default' } as const
const STORAGES = { DISK: 'disk', MEMORY: 'memory', DEFAULT: 'default' } as const

function parseStorageAttribute(cursor: Cursor, column: Column): boolean {
  const { kind } = cursor
  switch (kind) {
    case 'COMMENT':
      cursor.advance()
      column.comment = cursor.string()
      return true
    case 'COLLATE':
      cursor.advance()
      column.type = { ...column.type, collation: parseCollationName(cursor) }
      return true
    case 'VISIBLE':
    case 'INVISIBLE':
      cursor.advance()
      column.visible = kind === 'VISIBLE'
      return true
    case 'COLUMN_FORMAT':
      cursor.advance()
      column.columnFormat = COLUMN_FORMATS[cursor.expectOneOf('FIXED', 'DYNAMIC', 'DEFAULT')]
      return true
    case 'STORAGE':
      cursor.advance()
      column.storage = STORAGES[cursor.expectOneOf('DISK', 'MEMORY', 'DEFAULT')]
      return true
    case 'SRID':
      cursor.advance()
      column.srid = parseInteger(cursor)
      return true
    case 'ENGINE_ATTRIBUTE':
      cursor.advance()
      cursor.accept('=')
      column.engineAttribute = cursor.string()
      return true
    case 'SECONDARY_ENGINE_ATTRIBUTE':
      cursor.advance()
      cursor.accept('=')
      column.secondaryEngineAttribute = cursor.string()
      return true
    default:
      return false
  }
}

// ---- DEFAULT, ON UPDATE, GENERATED, CHECK ---------------------------------------------------------------------

/** DEFAULT with a literal, NOW() or an expression in parentheses. */
export function parseDefault(cursor: Cursor): ColumnDefaultClause {
  const { start } = cursor
  cursor.expect('DEFAULT')
  if (cursor.accept('(')) {
    const value = cursor.grammar.expression(cursor)
    cursor.expect(')')
    return { value, parenthesised: true, start, end: cursor.previousEnd }
  }
  const value = parseDefaultLiteral(cursor)
  return { value, parenthesised: false, start, end: cursor.previousEnd }
}

function parseDefaultLiteral(cursor: Cursor): Expression {
  const { start } = cursor
  if (cursor.is('NOW')) return parseSpecialCall(cursor) ?? cursor.fail()
  const sign = cursor.acceptOneOf('-', '+')
  if (sign !== undefined && !isNumber(cursor)) cursor.fail()
  const operand = parseLiteral(cursor) ?? parseTemporalLiteral(cursor) ?? cursor.fail()
  if (sign === undefined) return operand
  return { kind: 'unary', operator: sign, operand, start, end: cursor.previousEnd }
}

function isNumber(cursor: Cursor): boolean {
  return cursor.is('integer') || cursor.is('decimal') || cursor.is('float')
}

/** NOW() or a synonym, with a number of fraction digits or without. */
function parseNow(cursor: Cursor): NowFunction {
  const { start } = cursor
  cursor.expect('NOW')
  let fractionDigits = 0
  if (cursor.accept('(')) {
    if (!cursor.is(')')) fractionDigits = parseInteger(cursor)
    cursor.expect(')')
  }
  return { fractionDigits, start, end: cursor.previousEnd }
}

/** `[GENERATED ALWAYS] AS (expression) [VIRTUAL | STORED]`. */
function parseGenerated(cursor: Cursor): GeneratedColumn {
  const { start } = cursor
  if (cursor.accept('GENERATED')) cursor.expect('ALWAYS')
  cursor.expectAll('AS', '(')
  const expression = cursor.grammar.expression(cursor)
  cursor.expect(')')
  const stored = cursor.acceptOneOf('VIRTUAL', 'STORED') === 'STORED'
  return { expression, stored, start, end: cursor.previousEnd }
}

/** `[CONSTRAINT [name]] CHECK (expression) [[NOT] ENFORCED]`. */
function parseCheck(cursor: Cursor): CheckDefinition {
  const { start } = cursor
  const name = parseConstraintName(cursor)
  return parseCheckBehindName(cursor, name, start)
}

/** `[CONSTRAINT [name]]`. */
export function parseConstraintName(cursor: Cursor): string | undefined {
  return cursor.accept('CONSTRAINT') && cursor.isIdentifier() ? cursor.identifier() : undefined
}

export function parseCheckBehindName(
  cursor: Cursor,
  name: string | undefined,
  start: number,
): CheckDefinition {
  cursor.expectAll('CHECK', '(')
  const expression = cursor.grammar.expression(cursor)
  cursor.expect(')')
  const enforced = parseEnforced(cursor) ?? true
  return { kind: 'check', name, expression, enforced, start, end: cursor.previousEnd }
}

/** `[[NOT] ENFORCED]`; NOT may also begin the next attribute. */
export function parseEnforced(cursor: Cursor): boolean | undefined {
  if (cursor.acceptBoth('NOT', 'ENFORCED')) return false
  return cursor.accept('ENFORCED') ? true : undefined
}
