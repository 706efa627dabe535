/**
 * Goal: SQL means what MySQL 8 says, on tables in chDB, where its package is installed. Method: the corpus in this folder, without what
 * the storage doesn't claim; `docs/internals/chdb.md` has the same list.
 */
import { isEngineInstalled } from '@switchyard/storage-chdb'
import { describeCorpus, type LeftOut } from './corpus.js'

const LEFT_OUT: readonly LeftOut[] = [
  {
    reason: 'each write commits by itself: no multi-statement transactions, no row locks',
    files: ['transactions/'],
  },
  { reason: 'no foreign keys', files: ['constraints/foreign-keys'], needing: /\bREFERENCES\b/i },
  {
    reason: 'duplicates are found when the rows are handed over, behind the errors of later rows',
    cases: [['changes/insert', "INSERT INTO faults VALUES (6, '2024-01-01'), (7, 4)"]],
  },
  {
    reason: 'rows have no order of their own',
    cases: [
      ['definition/alter-table', 'ALTER TABLE t ADD UNIQUE (d)'],
      ['session/prepared', 'SELECT * FROM t ORDER BY id'],
      ['diagnostics/row-counts', 'SELECT SQL_CALC_FOUND_ROWS DISTINCT a FROM t LIMIT 1'],
    ],
  },
  {
    reason: 'columns are added by copying, and rows copied in no order',
    files: ['definition/alter-forms'],
    cases: [['diagnostics/row-counts', 'ALTER TABLE c ADD x INT']],
  },
]

if (isEngineInstalled()) describeCorpus('chdb', LEFT_OUT)
else test.skip('the package chdb is not installed: the corpus on chdb', () => undefined)
