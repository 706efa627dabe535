/**
 * What the engine takes from a file of its own and from nowhere else: settings of merges and of whatever else it does without being
 * asked. What a session sets doesn't count there.
 */
import { writeFile } from 'node:fs/promises'

/**
 * Texts that a column's dictionary holds in one part; further ones are kept with the rows. Its default is 8192, which a merge of several
 * parts soon exceeds, and then each granule has a dictionary of its own.
 */
export const DICTIONARY_TEXTS_MAX = 65_536

/** Writes the file; answers the argument that names it. */
export async function writeEngineConfig(file: string): Promise<string> {
  const profile = `<low_cardinality_max_dictionary_size>${DICTIONARY_TEXTS_MAX}</low_cardinality_max_dictionary_size>`
  const user = '<password></password><profile>default</profile><networks><ip>::/0</ip></networks>'
  const parts = [
    '<default_profile>default</default_profile>',
    `<users_config>${escaped(file)}</users_config>`,
    `<profiles><default>${profile}</default></profiles>`,
    `<users><default>${user}</default></users>`,
    // Also for tables that were made without it: see `createTableSql`.
    '<merge_tree><min_rows_to_fsync_after_merge>1</min_rows_to_fsync_after_merge></merge_tree>',
  ]
  await writeFile(file, `<clickhouse>${parts.join('')}</clickhouse>\n`, { mode: 0o600 })
  return `--config-file=${file}`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
