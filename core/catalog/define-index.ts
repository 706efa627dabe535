/**
 * Index definitions: names, parts, lengths (MySQL manual 15.1.15, 15.1.20, 10.3.5).
 */
import { charsetOfCollation, requireCollation } from '../common/collations.js'
import { sqlError } from '../common/sql-error.js'
import { isBinary, isString, isText, type SqlType } from '../common/sql-type.js'
import { codePointCount } from '../common/value-text.js'
import type { ColumnDefinition, IndexDefinition, IndexPart } from '../plan/schema.js'
import type { TableDefinitionContext } from './definition-context.js'
import { rowBytesOf } from './define-column.js'
import type { IndexSpecification, PartSpecification } from './index-specification.js'
import { checkIndexName, nameKey, sameName } from './names.js'

export const INDEXES_MAX = 64
const PARTS_MAX = 16
/** MySQL's limit for one part and for the whole key. */
const KEY_BYTES_MAX = 3072
const COMMENT_LENGTH_MAX = 1024
export const PRIMARY_NAME = 'PRIMARY'

/**
 * Definitions for the specifications, in MySQL's order: primary key, unique ones without NULL, other unique ones, the rest.
 * `present` are the indexes that the table has already; their names are taken. Throws ER_MULTIPLE_PRI_KEY, ER_DUP_KEYNAME,
 * ER_TOO_MANY_KEYS, ER_KEY_COLUMN_DOES_NOT_EXITS, ER_TOO_LONG_KEY and the like.
 */
export function defineIndexes(
  specifications: readonly IndexSpecification[],
  columns: readonly ColumnDefinition[],
  present: readonly IndexDefinition[],
  table: { readonly database: string; readonly name: string },
  context: TableDefinitionContext,
): readonly IndexDefinition[] {
  const indexes = [...present]
  for (const specification of specifications) {
    const index = defineIndex(specification, columns, indexes, context)
    warnOfDuplicate(index, indexes, table, context)
    indexes.push(index)
  }
  if (indexes.length > INDEXES_MAX) throw sqlError('ER_TOO_MANY_KEYS', INDEXES_MAX)
  return inOrder(indexes, columns)
}

/** Primary key, unique without NULL, unique, others; otherwise as they were. */
export function inOrder(
  indexes: readonly IndexDefinition[],
  columns: readonly ColumnDefinition[],
): readonly IndexDefinition[] {
  const rank = (index: IndexDefinition): number => {
    if (index.primary) return 0
    if (!index.unique) return 3
    return index.parts.some((part) => columns[part.column]?.nullable === true) ? 2 : 1
  }
  return indexes.toSorted((a, b) => rank(a) - rank(b))
}

function defineIndex(
  specification: IndexSpecification,
  columns: readonly ColumnDefinition[],
  present: readonly IndexDefinition[],
  context: TableDefinitionContext,
): IndexDefinition {
  const { kind, options } = specification
  const isPrimary = kind === 'primary'
  if (isPrimary && present.some((index) => index.primary)) throw sqlError('ER_MULTIPLE_PRI_KEY')
  const parts = defineParts(specification, columns, context)
  const name = indexName(specification, columns, parts, present)
  const comment = options.comment ?? ''
  if (codePointCount(comment) > COMMENT_LENGTH_MAX) {
    throw sqlError('ER_TOO_LONG_INDEX_COMMENT', name, COMMENT_LENGTH_MAX)
  }
  if (isPrimary && options.visible === false) throw sqlError('ER_PK_INDEX_CANT_BE_INVISIBLE')
  return Object.freeze({
    id: context.allocateId(),
    name,
    primary: isPrimary,
    unique: kind !== 'index',
    parts,
    visible: options.visible ?? true,
    comment,
    algorithm: options.using === 'hash' ? 'HASH' : options.using === 'btree' ? 'BTREE' : undefined,
    collationVersions: collationVersions(parts, columns),
  })
}

/** Versions of the weights that the parts' keys are made with; 0 for parts that aren't text. */
export function collationVersions(
  parts: readonly IndexPart[],
  columns: readonly ColumnDefinition[],
): readonly number[] {
  return parts.map((part) => {
    const type = columns[part.column]?.type
    return type !== undefined && isText(type) ? requireCollation(type.collation).version : 0
  })
}

/** `col`, `col_2`, `col_3`, … as MySQL names an index that has no name. */
function indexName(
  specification: IndexSpecification,
  columns: readonly ColumnDefinition[],
  parts: readonly IndexPart[],
  present: readonly IndexDefinition[],
): string {
  if (specification.kind === 'primary') return PRIMARY_NAME
  const taken = new Set(present.map((index) => nameKey(index.name)))
  const { name } = specification
  if (name !== undefined) {
    checkIndexName(name)
    if (!taken.has(nameKey(name))) return name
    if (!specification.isImplicit) throw sqlError('ER_DUP_KEYNAME', name)
  }
  const base = name ?? columns[parts[0]?.column ?? 0]?.name ?? ''
  if (!taken.has(nameKey(base)) && !sameName(base, PRIMARY_NAME)) return base
  for (let i = 2; ; i++) {
    const candidate = `${base}_${String(i)}`
    if (!taken.has(nameKey(candidate))) return candidate
  }
}

// ---- Parts ----------------------------------------------------------------------------------------------------

/** The parts of an index, checked against the columns as they are or will be. */
export function defineParts(
  specification: Pick<IndexSpecification, 'kind' | 'parts'>,
  columns: readonly ColumnDefinition[],
  context: TableDefinitionContext,
): readonly IndexPart[] {
  if (specification.parts.length > PARTS_MAX) throw sqlError('ER_TOO_MANY_KEY_PARTS', PARTS_MAX)
  const parts: IndexPart[] = []
  let keyBytes = 0
  for (const part of specification.parts) {
    const position = columns.findIndex((column) => sameName(column.name, part.column))
    const column = columns[position]
    if (column === undefined) throw sqlError('ER_KEY_COLUMN_DOES_NOT_EXITS', part.column)
    if (parts.some((other) => other.column === position)) throw sqlError('ER_DUP_FIELDNAME', part.column)
    if (specification.kind === 'primary' && column.generated?.stored === false) {
      throw sqlError(
        'ER_UNSUPPORTED_ACTION_ON_GENERATED_COLUMN',
        'Defining a virtual generated column as primary key',
      )
    }
    const prefixLength = checkedPrefix(part, column, specification.kind !== 'index', context)
    keyBytes += partBytes(column.type, prefixLength)
    parts.push(Object.freeze({ column: position, prefixLength, descending: part.descending }))
  }
  if (keyBytes > KEY_BYTES_MAX) throw sqlError('ER_TOO_LONG_KEY', KEY_BYTES_MAX)
  return Object.freeze(parts)
}

/** The prefix to index; undefined for the whole column. */
function checkedPrefix(
  part: PartSpecification,
  column: ColumnDefinition,
  isUnique: boolean,
  context: TableDefinitionContext,
): number | undefined {
  const { type, name } = column
  if (type.name === 'json') throw sqlError('ER_JSON_USED_AS_KEY', name)
  if (part.length === 0) throw sqlError('ER_KEY_PART_0', name)
  if (part.length === undefined) {
    if (isLarge(type)) throw sqlError('ER_BLOB_KEY_WITHOUT_LENGTH', name)
  } else if (!isString(type) || part.length > type.length) throw sqlError('ER_WRONG_SUB_KEY')
  const isWhole = part.length === undefined || (!isLarge(type) && part.length === type.length)
  const length = isWhole ? undefined : part.length
  if (partBytes(type, length) <= KEY_BYTES_MAX) return length
  // Outside of strict mode an index that isn't unique takes the prefix that fits.
  if (isUnique || context.isStrict) throw sqlError('ER_TOO_LONG_KEY', KEY_BYTES_MAX)
  context.warn('Warning', 'ER_TOO_LONG_KEY', KEY_BYTES_MAX)
  return Math.floor(KEY_BYTES_MAX / bytesPerCharacter(type))
}

function isLarge(type: SqlType): boolean {
  return /text$|blob$/.test(type.name)
}

function bytesPerCharacter(type: SqlType): number {
  return isText(type) ? charsetOfCollation(type.collation).bytesPerCharMax : 1
}

/** Bytes that a part counts against MySQL's limit. */
function partBytes(type: SqlType, prefixLength: number | undefined): number {
  if (isText(type) || isBinary(type)) return (prefixLength ?? type.length) * bytesPerCharacter(type)
  return rowBytesOf(type, 1)
}

// ---- Duplicates -----------------------------------------------------------------------------------------------

/** ER_DUP_INDEX for an index that has the parts of another one and isn't more unique. */
function warnOfDuplicate(
  index: IndexDefinition,
  present: readonly IndexDefinition[],
  table: { readonly database: string; readonly name: string },
  context: TableDefinitionContext,
): void {
  const isDuplicate = present.some(
    (other) => !other.primary && !index.primary && other.unique === index.unique && sameParts(other, index),
  )
  if (isDuplicate) context.warn('Warning', 'ER_DUP_INDEX', index.name, table.database, table.name)
}

export function sameParts(a: Pick<IndexDefinition, 'parts'>, b: Pick<IndexDefinition, 'parts'>): boolean {
  return (
    a.parts.length === b.parts.length &&
    a.parts.every((part, i) => {
      const other = b.parts[i]
      return (
        other?.column === part.column &&
        other.prefixLength === part.prefixLength &&
        other.descending === part.descending
      )
    })
  )
}
