/**
 * MySQL 8 words that MariaDB spells in another way. What it doesn't have at all is marked in the corpus instead.
 */
const SPELLINGS: readonly (readonly [RegExp, string])[] = [
  [/utf8mb4_0900_ai_ci/gi, 'utf8mb4_unicode_520_nopad_ci'],
  [/utf8mb4_0900_bin/gi, 'utf8mb4_nopad_bin'],
  [/\bFOR SHARE\b/gi, 'LOCK IN SHARE MODE'],
  [/\btransaction_(isolation|read_only)\b/gi, 'tx_$1'],
]

export function mariadbSyntax(sql: string): string {
  return SPELLINGS.reduce((text, [pattern, spelling]) => text.replace(pattern, spelling), sql)
}
