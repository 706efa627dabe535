/**
 * MySQL 8 words that MariaDB spells in another way. What it doesn't have at all is marked in the corpus instead.
 */
const SPELLINGS: readonly (readonly [RegExp, string])[] = [
  [/utf8mb4_0900_ai_ci/gi, 'utf8mb4_unicode_520_nopad_ci'],
  [/utf8mb4_0900_as_(c[is])/gi, 'utf8mb4_uca1400_nopad_as_$1'],
  [/utf8mb4_0900_bin/gi, 'utf8mb4_nopad_bin'],
  [/\bcte_max_recursion_depth\b/gi, 'max_recursive_iterations'],
  [/\bFOR SHARE\b/gi, 'LOCK IN SHARE MODE'],
  [/\btransaction_(isolation|read_only)\b/gi, 'tx_$1'],
]

export function mariadbSyntax(sql: string): string {
  return SPELLINGS.reduce((text, [pattern, spelling]) => text.replace(pattern, spelling), sql)
}

/** What SHOW, DESCRIBE and information_schema of MariaDB show in other words than MySQL 8's. */
const SHOWN: readonly (readonly [RegExp, string])[] = [
  [/utf8mb4_unicode_520_nopad_ci/g, 'utf8mb4_0900_ai_ci'],
  [/\bcurrent_timestamp(\(\d\))/g, 'CURRENT_TIMESTAMP$1'],
  [/\bcurrent_timestamp\(\)/g, 'CURRENT_TIMESTAMP'],
  [/\b(smallint|mediumint|int|bigint|year)\(\d+\)(?! unsigned zerofill)/g, '$1'],
  [/\btinyint\((?!1\))\d+\)(?! unsigned zerofill)/g, 'tinyint'],
  [/\b(text|blob|json) DEFAULT NULL/g, '$1'],
]

/** A cell of a statement about definitions, in MySQL's words. */
export function mysqlSpelling(cell: string): string {
  return SHOWN.reduce((text, [pattern, spelling]) => text.replace(pattern, spelling), cell)
}

export function isAboutDefinitions(sql: string): boolean {
  return /^\s*(SHOW|DESC|DESCRIBE|EXPLAIN)\b|information_schema/i.test(sql)
}
