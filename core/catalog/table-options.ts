/**
 * Options of CREATE TABLE and ALTER TABLE (MySQL manual 15.1.20): those that mean something to us, and those that are
 * only kept for SHOW CREATE TABLE.
 */
import { exact, type ExactValue } from '../common/value.js'
import { sqlError } from '../common/sql-error.js'
import { codePointCount } from '../common/value-text.js'
import type { TableOptions } from '../plan/syntax/definition.js'

const COMMENT_LENGTH_MAX = 2048

/** Throws ER_TOO_LONG_TABLE_COMMENT. */
export function tableComment(options: TableOptions, table: string): string | undefined {
  const { comment } = options
  if (comment !== undefined && codePointCount(comment) > COMMENT_LENGTH_MAX) {
    throw sqlError('ER_TOO_LONG_TABLE_COMMENT', table, COMMENT_LENGTH_MAX)
  }
  return comment
}

/** AUTO_INCREMENT = n; undefined where it isn't given. 0 counts as 1. */
export function autoIncrementOption(options: TableOptions): ExactValue | undefined {
  if (options.autoIncrement === undefined) return undefined
  const value = BigInt.asUintN(64, BigInt(options.autoIncrement))
  return value < 1n ? 1 : exact(value)
}

/** Where dumps of MySQL say that tables lie: anywhere will do. */
const INNODB_TABLESPACES: ReadonlySet<string> = new Set([
  'innodb_system',
  'innodb_file_per_table',
  'innodb_temporary',
])

/** Throws ER_NOT_SUPPORTED_YET for options that would change what a table is, ER_TABLESPACE_MISSING_WITH_NAME. */
export function refuseOptions(options: TableOptions): void {
  if (options.union !== undefined) throw sqlError('ER_NOT_SUPPORTED_YET', 'UNION table option')
  const { encryption } = options
  if (encryption !== undefined && !['', 'N'].includes(encryption.toUpperCase())) {
    throw sqlError('ER_NOT_SUPPORTED_YET', `ENCRYPTION='${encryption}'`)
  }
  if (options.dataDirectory !== undefined) throw sqlError('ER_NOT_SUPPORTED_YET', 'DATA DIRECTORY')
  if (options.indexDirectory !== undefined) throw sqlError('ER_NOT_SUPPORTED_YET', 'INDEX DIRECTORY')
  if (options.tablespace !== undefined && !INNODB_TABLESPACES.has(options.tablespace.toLowerCase())) {
    throw sqlError('ER_TABLESPACE_MISSING_WITH_NAME', options.tablespace)
  }
  if (options.startTransaction === true) throw sqlError('ER_NOT_SUPPORTED_YET', 'START TRANSACTION option')
}

/** Names of kept options in the order in which SHOW CREATE TABLE prints them, with how it spells them. */
export const KEPT_OPTIONS = {
  minRows: 'MIN_ROWS',
  maxRows: 'MAX_ROWS',
  averageRowLength: 'AVG_ROW_LENGTH',
  packKeys: 'PACK_KEYS',
  statsPersistent: 'STATS_PERSISTENT',
  statsAutoRecalc: 'STATS_AUTO_RECALC',
  statsSamplePages: 'STATS_SAMPLE_PAGES',
  checksum: 'CHECKSUM',
  delayKeyWrite: 'DELAY_KEY_WRITE',
  rowFormat: 'ROW_FORMAT',
  keyBlockSize: 'KEY_BLOCK_SIZE',
  compression: 'COMPRESSION',
  encryption: 'ENCRYPTION',
  connection: 'CONNECTION',
  insertMethod: 'INSERT_METHOD',
  engineAttribute: 'ENGINE_ATTRIBUTE',
  secondaryEngine: 'SECONDARY_ENGINE',
  secondaryEngineAttribute: 'SECONDARY_ENGINE_ATTRIBUTE',
} as const

type KeptOption = keyof typeof KEPT_OPTIONS

const NAMES = Object.keys(KEPT_OPTIONS) as readonly KeptOption[]
/** Printed in quotes. */
export const QUOTED_OPTIONS: ReadonlySet<string> = new Set([
  'COMPRESSION',
  'ENCRYPTION',
  'CONNECTION',
  'ENGINE_ATTRIBUTE',
  'SECONDARY_ENGINE_ATTRIBUTE',
])

/** `present` changed by what `options` say; DEFAULT and 0 forget an option, and so does SECONDARY_ENGINE = NULL. */
export function keptOptions(
  options: TableOptions,
  present: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const kept: Record<string, string> = { ...present }
  for (const name of NAMES) {
    const value = options[name]
    if (value === undefined) continue
    const text = optionText(value)
    if (text === undefined) Reflect.deleteProperty(kept, KEPT_OPTIONS[name])
    else kept[KEPT_OPTIONS[name]] = name === 'rowFormat' ? text.toUpperCase() : text
  }
  return Object.freeze(kept)
}

function optionText(value: string | number | boolean | null): string | undefined {
  if (value === null || value === 'default' || value === 0 || value === '') return undefined
  if (typeof value === 'boolean') return value ? '1' : '0'
  return String(value)
}
