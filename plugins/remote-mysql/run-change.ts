/** Runs statements that change rows on a remote, and tells what became of them as the server would. */
import { exact, type ChangedRows, type StatementContext } from '@switchyard/core/spi'
import type { ChangeSql } from './change-sql.js'
import type { TransactionBranch } from './remote-transaction.js'
import { passOnWarnings } from './warnings.js'

export async function runChange(
  branch: TransactionBranch,
  { sql, mayDraw }: ChangeSql,
  statement: StatementContext,
): Promise<ChangedRows> {
  const { affectedRows, insertId, info, warningCount } = await branch.run(
    mayDraw ? `DO LAST_INSERT_ID(0); ${sql}` : sql,
    statement,
  )
  if (warningCount > 0) passOnWarnings(await branch.run('SHOW WARNINGS', statement), statement)
  const [, matched] = /^(?:Rows matched|Records): (\d+)/.exec(info) ?? []
  const [, duplicates] = /Duplicates: (\d+)/.exec(info) ?? []
  const lastInsertId = exact(BigInt(insertId))
  return {
    matchedRows: matched === undefined ? affectedRows : Number(matched),
    affectedRows,
    duplicates: Number(duplicates ?? 0),
    lastInsertId,
    generatedId: mayDraw ? await drawnNumber(branch, statement) : lastInsertId,
  }
}

/** The statement's number in the answer is the last one given, if none was drawn. */
async function drawnNumber(branch: TransactionBranch, statement: StatementContext) {
  const { rows } = await branch.run('SELECT LAST_INSERT_ID()', statement)
  return exact(BigInt(rows[0]?.[0]?.toString() ?? 0))
}
