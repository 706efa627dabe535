/**
 * information_schema.SCHEMATA and SCHEMATA_EXTENSIONS (MySQL manual 28.3.31, 28.3.32).
 */
import { binaryType } from '../../../common/sql-type.js'
import type { DatabaseDefinition } from '../../../plan/schema.js'
import { computedTable } from '../computed-table.js'
import { choice, objectName, required, text, typed } from '../listing-columns.js'
import { walkDatabases } from '../relations.js'

export const SCHEMATA = computedTable<DatabaseDefinition>('information_schema', 'SCHEMATA', {
  columns: [
    required(objectName('CATALOG_NAME', () => 'def')),
    required(objectName('SCHEMA_NAME', (database) => database.name, 'database')),
    required(text('DEFAULT_CHARACTER_SET_NAME', (database) => database.charset)),
    required(text('DEFAULT_COLLATION_NAME', (database) => database.collation)),
    typed('SQL_PATH', binaryType(0), () => null),
    required(choice('DEFAULT_ENCRYPTION', ['NO', 'YES'], () => 'NO')),
  ],
  walk: walkDatabases,
})

export const SCHEMATA_EXTENSIONS = computedTable<DatabaseDefinition>(
  'information_schema',
  'SCHEMATA_EXTENSIONS',
  {
    columns: [
      required(objectName('CATALOG_NAME', () => 'def')),
      required(objectName('SCHEMA_NAME', (database) => database.name, 'database')),
      text('OPTIONS', () => '', 256),
    ],
    walk: walkDatabases,
  },
)
