/** COM_REFRESH, the FLUSH of clients of before MySQL 5.7: one command for what takes several statements in SQL. */
import { sqlText, type ResultSink, type Session, type SqlError } from '@switchyard/core/spi'

/** The bits of COM_REFRESH; others stand for what this server does not have (hosts, threads). */
const REFRESHES = [
  { bit: 1, statement: 'FLUSH PRIVILEGES' },
  { bit: 2, statement: 'FLUSH LOGS' },
  { bit: 4, statement: 'FLUSH TABLES' },
  { bit: 16, statement: 'FLUSH STATUS' },
] as const
/** How a statement ended whose answer the client does not see. */
class Outcome implements ResultSink {
  error: SqlError | undefined

  fail(error: SqlError): void {
    this.error = error
  }

  ok(): void {
    return
  }

  columns(): void {
    return
  }

  rows(): void {
    return
  }

  end(): void {
    return
  }
}

/** Runs what the bits ask for, one after the other; throws the first error. */
export async function runRefresh(session: Session, bits: number): Promise<void> {
  for (const { bit, statement } of REFRESHES) {
    if ((bits & bit) === 0) continue
    const outcome = new Outcome()
    await session.execute(sqlText(statement), false, outcome)
    if (outcome.error !== undefined) throw outcome.error
  }
}
