/**
 * Money that moves between two tables in transactions of many clients over the same rows, each with an entry in a journal whose
 * number the server gives. Whatever happens, the money is all there, each account is what the journal says, the journal has every
 * acknowledged transfer, and no number is given twice.
 */
import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise'
import { isConnectionLost, isLockConflict } from './book.js'
import type { LoadClient } from './load-client.js'
import type { Random } from './random.js'

export const ACCOUNTS = 20
const INITIAL = 1000

export const TRANSFER_TABLES: readonly string[] = [
  'CREATE TABLE checking (id INT PRIMARY KEY, balance BIGINT NOT NULL, KEY by_balance (balance))',
  'CREATE TABLE savings (id INT PRIMARY KEY, balance DECIMAL(20, 2) NOT NULL, KEY by_balance (balance))',
  `CREATE TABLE journal (id BIGINT AUTO_INCREMENT PRIMARY KEY, client INT NOT NULL, number INT NOT NULL,
     account INT NOT NULL, amount INT NOT NULL, UNIQUE KEY by_number (client, number), KEY by_account (account))`,
]

export async function fillAccounts(connection: Connection): Promise<void> {
  for (const table of ['checking', 'savings']) {
    const rows = Array.from({ length: ACCOUNTS }, (_, id) => [id, INITIAL])
    await connection.query(`INSERT INTO ${table} VALUES ?`, [rows])
  }
}

export class TransferClient implements LoadClient {
  /** Numbers of the journal that the server has acknowledged, by the client's own number of the transfer. */
  private readonly acknowledged = new Map<number, number>()
  private lastNumber = 0
  private unanswered: number | undefined

  constructor(private readonly client: number) {}

  async step(connection: Connection, random: Random): Promise<void> {
    const number = ++this.lastNumber
    const account = random.next(ACCOUNTS)
    const amount = random.next(200) - 100
    try {
      await connection.query('START TRANSACTION')
      await connection.execute('UPDATE checking SET balance = balance - ? WHERE id = ?', [amount, account])
      const [{ insertId }] = await connection.execute<ResultSetHeader>(
        'INSERT INTO journal (client, number, account, amount) VALUES (?, ?, ?, ?)',
        [this.client, number, account, amount],
      )
      await connection.query('UPDATE savings SET balance = balance + ? WHERE id = ?', [amount, account])
      this.unanswered = number
      await connection.query('COMMIT')
      this.acknowledged.set(number, insertId)
      this.unanswered = undefined
    } catch (error) {
      if (!isConnectionLost(error)) this.unanswered = undefined
      if (!isLockConflict(error)) throw error
      await connection.query('ROLLBACK')
    }
  }

  async verify(connection: Connection): Promise<void> {
    const [rows] = await connection.query<RowDataPacket[]>(
      'SELECT id, number FROM journal WHERE client = ? ORDER BY number',
      [this.client],
    )
    const actual = new Map(rows.map(({ number, id }) => [number as number, id as number]))
    const { unanswered } = this
    const outcome = unanswered === undefined ? undefined : actual.get(unanswered)
    if (unanswered !== undefined && outcome !== undefined) this.acknowledged.set(unanswered, outcome)
    this.unanswered = undefined
    expect(actual).toEqual(this.acknowledged)
  }
}

/** Checks what concerns all clients together. */
export async function verifyTransfers(connection: Connection): Promise<void> {
  const [sums] = await connection.query<RowDataPacket[]>(
    'SELECT (SELECT SUM(balance) FROM checking) + (SELECT SUM(balance) FROM savings) AS money',
  )
  expect(Number(sums[0]?.money)).toBe(2 * ACCOUNTS * INITIAL)
  const [wrong] = await connection.query<RowDataPacket[]>(
    `SELECT checking.id, checking.balance, savings.balance, moved FROM checking
       JOIN savings ON savings.id = checking.id
       LEFT JOIN (SELECT account, SUM(amount) AS moved FROM journal GROUP BY account) AS sums
         ON sums.account = checking.id
     WHERE checking.balance <> ${INITIAL} - COALESCE(moved, 0)
        OR savings.balance <> ${INITIAL} + COALESCE(moved, 0)`,
  )
  expect(wrong).toEqual([])
}

/**
 * The highest number that the server gave before must be below the next one, also when the row with it is deleted and the
 * server killed before anything else happens: call it twice with a crash in between.
 */
export class NumberWitness {
  private highest = 0

  async draw(connection: Connection): Promise<void> {
    const [[row]] = await connection.query<RowDataPacket[]>(
      'SELECT COALESCE(MAX(id), 0) AS highest FROM journal',
    )
    this.highest = Math.max(this.highest, Number(row?.highest))
    const [{ insertId }] = await connection.query<ResultSetHeader>(
      'INSERT INTO journal (client, number, account, amount) VALUES (-1, 0, 0, 0)',
    )
    expect(insertId).toBeGreaterThan(this.highest)
    this.highest = insertId
    await connection.query('DELETE FROM journal WHERE id = ?', [insertId])
  }
}
