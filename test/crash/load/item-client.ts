/**
 * Rows of one client in a table with a composite primary key, a unique and two plain indexes: single statements with and without
 * preparation, statements of many rows, transactions of several statements that end either way, values of up to 200 kB.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { Book, isLockConflict } from './book.js'
import type { LoadClient } from './load-client.js'
import type { Random } from './random.js'

export const ITEM_TABLE = `CREATE TABLE items (
  client INT NOT NULL, number INT NOT NULL, rating INT, token VARCHAR(40) NOT NULL, payload MEDIUMTEXT,
  PRIMARY KEY (client, number), UNIQUE KEY by_token (token), KEY by_rating (rating, client),
  KEY by_payload (payload(20)))`

const ROWS_MAX = 250

interface Item {
  readonly rating: number | null
  readonly token: string
  readonly payload: string
}

type Items = ReadonlyMap<number, Item>

interface Statement {
  readonly sql: string
  readonly values: readonly (string | number | null)[]
  apply(rows: Map<number, Item>): void
}

export class ItemClient implements LoadClient {
  private readonly book = new Book<Items>(new Map())

  constructor(private readonly client: number) {}

  async step(connection: Connection, random: Random): Promise<void> {
    const rows = new Map(this.book.acknowledged)
    const next = (): Statement => {
      const statement = this.statement(rows, random)
      statement.apply(rows)
      return statement
    }
    try {
      if (random.chance(60)) {
        const statement = next()
        await this.book.change(rows, () => run(connection, statement, random))
      } else await this.transaction(connection, random, rows, next)
    } catch (error) {
      if (!isLockConflict(error)) throw error
      await connection.query('ROLLBACK')
    }
  }

  private async transaction(
    connection: Connection,
    random: Random,
    rows: Items,
    next: () => Statement,
  ): Promise<void> {
    await connection.query('START TRANSACTION')
    for (let count = 1 + random.next(5); count > 0; count--) await run(connection, next(), random)
    if (random.chance(20)) await connection.query('ROLLBACK')
    else await this.book.change(rows, () => connection.query('COMMIT'))
  }

  private statement(rows: Items, random: Random): Statement {
    if (rows.size > ROWS_MAX) return this.removeRange(random)
    const number = random.pick([...rows.keys()])
    const kind = random.next(10)
    if (number === undefined || kind < 4) return this.insert(1, rows, random)
    if (kind === 4) return this.insert(2 + random.next(30), rows, random)
    if (kind === 5) return this.replace(number, random)
    if (kind === 6) return this.removeRange(random)
    if (kind === 7) return this.remove(number)
    return this.update(number, random)
  }

  private insert(count: number, rows: Items, random: Random): Statement {
    const added = new Map<number, Item>()
    while (added.size < count) {
      const number = random.next(ROWS_MAX * 20)
      if (!rows.has(number)) added.set(number, newItem(random))
    }
    return {
      sql: `INSERT INTO items VALUES ${[...added].map(() => '(?, ?, ?, ?, ?)').join(', ')}`,
      values: [...added].flatMap(([number, item]) => this.valuesOf(number, item)),
      apply: (target) => {
        for (const [number, item] of added) target.set(number, item)
      },
    }
  }

  private replace(number: number, random: Random): Statement {
    const item = newItem(random)
    const values = this.valuesOf(number, item)
    const sql = random.chance(50)
      ? 'REPLACE INTO items VALUES (?, ?, ?, ?, ?)'
      : `INSERT INTO items VALUES (?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE
           rating = VALUES(rating), token = VALUES(token), payload = VALUES(payload)`
    return { sql, values, apply: (target) => target.set(number, item) }
  }

  private update(number: number, random: Random): Statement {
    const { rating, token, payload } = newItem(random)
    return {
      sql: 'UPDATE items SET rating = ?, token = ?, payload = ? WHERE client = ? AND number = ?',
      values: [rating, token, payload, this.client, number],
      apply: (target) => target.set(number, { rating, token, payload }),
    }
  }

  private remove(number: number): Statement {
    return {
      sql: 'DELETE FROM items WHERE client = ? AND number = ?',
      values: [this.client, number],
      apply: (target) => target.delete(number),
    }
  }

  private removeRange(random: Random): Statement {
    const from = random.next(ROWS_MAX * 20)
    const to = from + ROWS_MAX * 5
    return {
      sql: 'DELETE FROM items WHERE client = ? AND number BETWEEN ? AND ?',
      values: [this.client, from, to],
      apply: (target) => {
        for (const number of [...target.keys()]) if (number >= from && number <= to) target.delete(number)
      },
    }
  }

  private valuesOf(number: number, { rating, token, payload }: Item) {
    return [this.client, number, rating, token, payload]
  }

  async verify(connection: Connection): Promise<void> {
    const [rows] = await connection.query<RowDataPacket[]>(
      'SELECT number, rating, token, payload FROM items WHERE client = ? ORDER BY number',
      [this.client],
    )
    const actual = new Map(
      rows.map(({ number, rating, token, payload }) => [number as number, { rating, token, payload }]),
    )
    const found = describeItems(actual)
    const possible = this.book.possible.map(describeItems)
    if (!possible.includes(found)) expect(found).toEqual(possible[0])
    this.book.settle(actual)
  }
}

function newItem(random: Random): Item {
  const length = random.chance(2) ? random.next(200_000) : random.next(600)
  return {
    rating: random.chance(10) ? null : random.next(100),
    token: random.text(24),
    payload: random.text(16).padEnd(length, 'payload '),
  }
}

function run(connection: Connection, { sql, values }: Statement, random: Random): Promise<unknown> {
  return random.chance(50) ? connection.query(sql, [...values]) : connection.execute(sql, [...values])
}

/** One line a row, long values by their ends. */
function describeItems(items: Items): string {
  return [...items]
    .sort(([left], [right]) => left - right)
    .map(([number, { rating, token, payload }]) => {
      const short = `${payload.slice(0, 16)}…${payload.length}…${payload.slice(-8)}`
      return `${number} ${rating} ${token} ${short}`
    })
    .join('\n')
}
