import type { TypeName } from '../../common/sql-type.js'
import type { GeometryTypeName } from './expression.js'
import type { SyntaxNode } from './node.js'

/** Column types under one name each: INTEGER is `int`, NUMERIC `decimal`, BOOL `tinyint` with length 1. */
export type ColumnDataTypeName = Exclude<TypeName, 'null'> | GeometryTypeName

/**
 * The type part of a column definition, a routine parameter or a variable (manual, 13.1 to 13.5), as declared:
 * defaults are not filled in. SERIAL arrives as BIGINT UNSIGNED with the column attributes that it implies.
 */
export interface ColumnDataType extends SyntaxNode {
  readonly name: ColumnDataTypeName
  /** M of the declaration: display width, characters, bytes, bits, precision or fractional seconds digits. */
  readonly length: number | undefined
  readonly scale: number | undefined
  readonly unsigned: boolean
  readonly zerofill: boolean
  readonly charset: string | undefined
  readonly collation: string | undefined
  /** CHAR(…) BINARY: the `_bin` collation of the charset. */
  readonly binaryCollation: boolean
  /** ENUM and SET, decoded. */
  readonly members: readonly string[] | undefined
}
