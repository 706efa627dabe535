/**
 * `sql_mode` as a bit set (MySQL manual 7.1.11 "Server SQL Modes").
 */
export const SqlMode = {
  REAL_AS_FLOAT: 1 << 0,
  PIPES_AS_CONCAT: 1 << 1,
  ANSI_QUOTES: 1 << 2,
  IGNORE_SPACE: 1 << 3,
  ONLY_FULL_GROUP_BY: 1 << 5,
  NO_UNSIGNED_SUBTRACTION: 1 << 6,
  NO_DIR_IN_CREATE: 1 << 7,
  /** No effect of its own: says that the modes it stands for were set by this name. */
  ANSI: 1 << 21,
  NO_AUTO_VALUE_ON_ZERO: 1 << 8,
  NO_BACKSLASH_ESCAPES: 1 << 9,
  STRICT_TRANS_TABLES: 1 << 10,
  STRICT_ALL_TABLES: 1 << 11,
  NO_ZERO_IN_DATE: 1 << 12,
  NO_ZERO_DATE: 1 << 13,
  ALLOW_INVALID_DATES: 1 << 14,
  ERROR_FOR_DIVISION_BY_ZERO: 1 << 15,
  /** As ANSI. */
  TRADITIONAL: 1 << 22,
  HIGH_NOT_PRECEDENCE: 1 << 17,
  NO_ENGINE_SUBSTITUTION: 1 << 18,
  PAD_CHAR_TO_FULL_LENGTH: 1 << 19,
  TIME_TRUNCATE_FRACTIONAL: 1 << 20,
} as const

export type SqlModeName = keyof typeof SqlMode

export const STRICT_MODES = SqlMode.STRICT_TRANS_TABLES | SqlMode.STRICT_ALL_TABLES

/** MySQL 8's default. */
export const DEFAULT_SQL_MODE =
  SqlMode.ONLY_FULL_GROUP_BY |
  SqlMode.STRICT_TRANS_TABLES |
  SqlMode.NO_ZERO_IN_DATE |
  SqlMode.NO_ZERO_DATE |
  SqlMode.ERROR_FOR_DIVISION_BY_ZERO |
  SqlMode.NO_ENGINE_SUBSTITUTION
