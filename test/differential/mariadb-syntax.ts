/**
 * MySQL 8 words that MariaDB spells in another way. What it doesn't have at all is marked in the corpus instead.
 */
const SPELLINGS: readonly (readonly [RegExp, string])[] = [
  [/utf8mb4_0900_ai_ci/gi, 'utf8mb4_unicode_520_nopad_ci'],
  [/utf8mb4_0900_bin/gi, 'utf8mb4_nopad_bin'],
  [/@@transaction_isolation/gi, '@@tx_isolation'],
  [/@@session\.transaction_isolation/gi, '@@session.tx_isolation'],
]

export function mariadbSyntax(sql: string): string {
  return SPELLINGS.reduce((text, [pattern, spelling]) => text.replace(pattern, spelling), sql)
}
