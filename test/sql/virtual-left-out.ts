/**
 * What of the corpus isn't claimed for tables on remote servers, by the reason; `docs/internals/remote.md` has the same list.
 */
import type { LeftOut } from './corpus.js'

/** Of every remote. */
export const LEFT_OUT: readonly LeftOut[] = [
  {
    reason:
      'a remote database holds tables: no views, temporary tables, CREATE TABLE … LIKE or SELECT, and no accounts for them',
    files: [
      'definition/like-and-select',
      'definition/temporary-tables',
      'definition/view',
      'definition/create-table',
      'introspection/show',
      'transactions/implicit-commits',
      'transactions/read-only',
    ],
    cases: [
      ['metadata/columns', 'SELECT * FROM v'],
      ['metadata/expressions', 'CREATE TABLE made'],
      ['metadata/expressions', 'SELECT COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE FROM information_schema'],
      ['queries/lateral-and-values', 'CREATE VIEW v'],
      ['queries/lateral-and-values', 'SELECT column_0 + column_1 FROM v'],
      ['accounts/accounts', 'GRANT SELECT ON test.t TO nosuch'],
    ],
  },
  {
    reason: 'definitions are sent as text and changed by rules of the remote; EXECUTE has no text',
    files: [
      'definition/alter',
      'definition/defaults',
      'definition/required-and-refused',
      'diagnostics/row-counts',
    ],
    cases: [
      ['session/prepared', 'EXECUTE p'],
      ['session/sql-mode', "SELECT COLUMN_TYPE FROM information_schema.COLUMNS WHERE TABLE_NAME = 'r'"],
    ],
  },
  {
    reason: 'foreign keys and checks are the remote’s own: not shown, and IGNORE knows nothing of them',
    files: ['constraints/foreign', 'introspection/information-schema'],
    cases: [
      ['constraints/checks', 'SELECT * FROM t ORDER BY id'],
      ['constraints/checks', 'INSERT IGNORE INTO t'],
      ['changes/replace', 'REPLACE INTO parent'],
      ['changes/replace', 'SELECT * FROM child'],
    ],
  },
  {
    reason: 'rows without a primary key are changed by statements only that the remote runs as a whole',
    files: ['types/implicit-conversion'],
    cases: [
      ['changes/duplicates', 'INSERT INTO s VALUES (NULL, 1)'],
      ['changes/duplicates', 'SELECT * FROM s ORDER BY n'],
      ['changes/replace', 'REPLACE INTO same VALUES (1, 2'],
      ['queries/common-tables', 'WITH x AS (SELECT 2 AS k) DELETE'],
      ['queries/common-tables', 'SELECT * FROM copy'],
      ['session/sql-mode', 'UPDATE t SET n = NULL WHERE n = 3'],
      ['session/sql-mode', "UPDATE t SET a = 'zz' WHERE n = 1"],
      ['types/conversion', 'UPDATE t SET'],
    ],
  },
  {
    reason: 'the remote is always strict: the ENUM value of errors can’t be stored',
    cases: [
      ['session/sql-mode', "INSERT INTO t (e, n) VALUES ('z', 2)"],
      ['session/sql-mode', 'SELECT * FROM t WHERE n <> 1'],
      ['types/enum-and-set', "INSERT INTO t (e, s) VALUES ('huge', 'a,x,c')"],
      ['types/enum-and-set', 'SELECT e, s, e + 0, s + 0 FROM t ORDER BY id DESC'],
    ],
  },
  {
    reason:
      'numbers are drawn, duplicates are found and snapshots are taken by the remote when it has the rows',
    cases: [
      ['changes/auto-increment', 'SELECT id FROM step'],
      ['session/obeyed-variables', 'SELECT LAST_INSERT_ID(), @@insert_id'],
      ['changes/insert', "INSERT INTO faults VALUES (6, '2024-01-01'), (7, 4)"],
      ['transactions/isolation', 'SELECT a FROM t WHERE id = 3'],
    ],
  },
]

/** Of MySQL besides. */
export const LEFT_OUT_ON_MYSQL: readonly LeftOut[] = [
  { reason: 'it has what we refuse', cases: [['definition/indexes', 'CREATE FULLTEXT INDEX']] },
]

/** Of MariaDB besides. */
export const LEFT_OUT_ON_MARIADB: readonly LeftOut[] = [
  {
    reason: 'JSON is a text there',
    files: ['functions/json', 'expressions/json-conditions'],
    cases: [['metadata/expressions', 'SELECT j, JSON']],
  },
  {
    reason: 'its own errors and words for definitions that it refuses or takes',
    files: [
      'definition/indexes',
      'definition/refused-columns',
      'constraints/checks',
      'constraints/generated-columns',
      'constraints/keys',
    ],
    cases: [
      ['changes/auto-increment', 'INSERT INTO small VALUES (NULL)'],
      ['diagnostics/warnings', 'DROP TABLE IF EXISTS nosuch1'],
      ['diagnostics/warnings', 'SHOW WARNINGS'],
      ['types/bit-and-year', 'CREATE TABLE bad'],
      ['types/decimals', 'CREATE TABLE bad'],
      ['types/enum-and-set', 'CREATE TABLE bad'],
      ['types/integers', 'CREATE TABLE bad'],
    ],
  },
  {
    reason:
      'it has no collations of MySQL 8: conditions on texts in its own are checked here, when rows are locked already',
    files: ['functions/collations', 'transactions/locking-reads'],
  },
]
