/**
 * Goal: column definitions carry the numbers that MySQL 8 sends for the same columns. Method: type, length, collation, flags
 * and decimals of each kind of column and expression, as the protocol's description and its flag table give them.
 */
import {
  BIGINT_TYPE,
  binaryType,
  DATE_TYPE,
  datetimeType,
  decimalType,
  DOUBLE_TYPE,
  INT_TYPE,
  JSON_TYPE,
  NULL_TYPE,
  textType,
  timestampType,
  YEAR_TYPE,
  type ResultColumn,
  type SqlType,
} from '@switchyard/core/spi'
import { column } from '../testing/fake-server.js'
import { PayloadReader } from '../wire/payload-reader.js'
import { resultCharset } from '../wire/result-charset.js'
import { columnDefinition } from './column-definition.js'

const UTF8 = resultCharset('utf8mb4')
const LATIN1 = resultCharset('latin1')
const NONE = resultCharset(null)

const VARCHAR10 = textType(10, 'utf8mb4_0900_ai_ci')
const named = (name: SqlType['name'], type: SqlType, more: Partial<SqlType> = {}): SqlType => ({
  ...type,
  name,
  ...more,
})

/** A column of a base table. */
function ofTable(type: SqlType, more: Partial<ResultColumn> = {}): ResultColumn {
  return column('c', type, { table: 'a', originalTable: 't', originalName: 'c', database: 'd', ...more })
}

function numbers(definition: Buffer) {
  const reader = new PayloadReader(definition)
  const names = Array.from({ length: 6 }, () => reader.lengthEncodedBytes().toString('utf8'))
  expect(reader.uint8()).toBe(12)
  const collation = reader.uint16()
  const length = reader.uint32()
  const type = reader.uint8()
  const flags = reader.uint16()
  const decimals = reader.uint8()
  expect(reader.rest()).toEqual(Buffer.alloc(2))
  return { names, summary: [type, length, collation, flags, decimals] }
}

describe('columnDefinition', () => {
  it('names the column and where it comes from', () => {
    const definition = columnDefinition(ofTable(INT_TYPE, { name: 'näme' }), UTF8)
    expect(numbers(definition).names).toEqual(['def', 'd', 'a', 't', 'näme', 'c'])
    const latin1 = columnDefinition(ofTable(INT_TYPE, { name: 'näme' }), LATIN1)
    expect(latin1.includes(Buffer.from('\x04n\xe4me', 'latin1'))).toBe(true)
  })

  it('counts a computed DOUBLE a character longer than a column', () => {
    expect(numbers(columnDefinition(ofTable(DOUBLE_TYPE), UTF8)).summary[1]).toBe(22)
    expect(numbers(columnDefinition(column('a + 1', DOUBLE_TYPE), UTF8)).summary[1]).toBe(23)
  })

  // type code, length in bytes, collation id, flags, decimals
  it.each<[string, ResultColumn, number[]]>([
    [
      'INT AUTO_INCREMENT PRIMARY KEY',
      ofTable(INT_TYPE, { nullable: false, primaryKey: true, autoIncrement: true }),
      [3, 11, 63, 0x4203, 0],
    ],
    [
      'VARCHAR(10) NOT NULL PRIMARY KEY',
      ofTable(VARCHAR10, { nullable: false, primaryKey: true, hasNoDefault: true }),
      [253, 40, 255, 0x5003, 0],
    ],
    [
      'INT UNSIGNED ZEROFILL',
      ofTable({ ...INT_TYPE, unsigned: true, zerofill: true, length: 10 }),
      [3, 10, 63, 0x60, 0],
    ],
    ['BIGINT, indexed', ofTable(BIGINT_TYPE, { multipleKey: true }), [8, 21, 63, 0x4008, 0]],
    ['INT UNIQUE', ofTable(INT_TYPE, { uniqueKey: true }), [3, 11, 63, 0x4004, 0]],
    ['DECIMAL(10,2)', ofTable(decimalType(10, 2)), [246, 12, 63, 0, 2]],
    ['DECIMAL(10) UNSIGNED', ofTable(decimalType(10, 0, true)), [246, 10, 63, 0x20, 0]],
    ['DOUBLE', ofTable(DOUBLE_TYPE), [5, 22, 63, 0, 31]],
    ['YEAR', ofTable(YEAR_TYPE), [13, 4, 63, 0x60, 0]],
    ['BIT(10)', ofTable(named('bit', INT_TYPE, { length: 10 })), [16, 10, 63, 0x20, 0]],
    ['DATE', ofTable(DATE_TYPE), [10, 10, 63, 0x80, 0]],
    ['DATETIME(6)', ofTable(datetimeType(6)), [12, 26, 63, 0x80, 6]],
    [
      'TIMESTAMP ON UPDATE CURRENT_TIMESTAMP',
      ofTable(timestampType(), { nullable: false, onUpdateNow: true }),
      [7, 19, 63, 0x2481, 0],
    ],
    ['CHAR(10)', ofTable(named('char', VARCHAR10)), [254, 40, 255, 0, 0]],
    ['TEXT', ofTable(named('text', VARCHAR10, { length: 65_535 })), [252, 262_140, 255, 0x10, 0]],
    [
      'LONGTEXT',
      ofTable(named('longtext', VARCHAR10, { length: 4_294_967_295 })),
      [252, 4_294_967_295, 255, 0x10, 0],
    ],
    ['VARCHAR(10) COLLATE utf8mb4_bin', ofTable(textType(10, 'utf8mb4_bin')), [253, 40, 255, 0x80, 0]],
    ['VARBINARY(10)', ofTable(binaryType(10)), [253, 10, 63, 0x80, 0]],
    ['BINARY(10)', ofTable(named('binary', binaryType(10))), [254, 10, 63, 0x80, 0]],
    ['BLOB', ofTable(named('blob', binaryType(65_535))), [252, 65_535, 63, 0x90, 0]],
    [
      "ENUM('a','ccc')",
      ofTable(named('enum', VARCHAR10, { members: ['a', 'ccc'] })),
      [254, 12, 255, 0x100, 0],
    ],
    ["SET('a','ccc')", ofTable(named('set', VARCHAR10, { members: ['a', 'ccc'] })), [254, 20, 255, 0x800, 0]],
    ['JSON', ofTable(JSON_TYPE), [245, 4_294_967_295, 63, 0x90, 0]],
    ['SELECT 1', column('1', { ...BIGINT_TYPE, length: 2 }, { nullable: false }), [8, 2, 63, 0x81, 0]],
    [
      "SELECT 'a'",
      column('a', textType(1, 'utf8mb4_0900_ai_ci'), { nullable: false }),
      [253, 4, 255, 0x01, 31],
    ],
    ['SELECT NULL', column('NULL', NULL_TYPE), [6, 0, 63, 0x80, 0]],
    ['SELECT NOW()', column('NOW()', datetimeType(), { nullable: false }), [12, 19, 63, 0x81, 0]],
    ['SELECT JSON_OBJECT()', column('j', JSON_TYPE), [245, 4_294_967_292, 255, 0x80, 31]],
  ])('%s', (_sql, resultColumn, expected) => {
    expect(numbers(columnDefinition(resultColumn, UTF8)).summary).toEqual(expected)
  })

  it("counts lengths in bytes of the results' character set", () => {
    const [, length, collation] = numbers(columnDefinition(ofTable(VARCHAR10), LATIN1)).summary
    expect([length, collation]).toEqual([10, 8])
  })

  it('calls text bytes where the client wants bytes', () => {
    const [type, length, collation] = numbers(
      columnDefinition(ofTable(VARCHAR10), resultCharset('binary')),
    ).summary
    expect([type, length, collation]).toEqual([253, 10, 63])
  })

  it("names a column's own collation where the client wants no conversion", () => {
    const latin1Column = ofTable(textType(10, 'latin1_swedish_ci'))
    const [, length, collation] = numbers(columnDefinition(latin1Column, NONE)).summary
    expect([length, collation]).toEqual([10, 8])
  })
})
