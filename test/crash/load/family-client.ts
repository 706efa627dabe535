/**
 * Parents with children behind a foreign key: inserted together in one transaction, removed by the parent's deletion. A parent
 * always has as many children as it says, and no child is without one.
 */
import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise'
import { Book, isLockConflict } from './book.js'
import type { LoadClient } from './load-client.js'
import type { Random } from './random.js'

export const FAMILY_TABLES: readonly string[] = [
  `CREATE TABLE parents (id INT AUTO_INCREMENT PRIMARY KEY, client INT NOT NULL, children INT NOT NULL,
     KEY by_client (client))`,
  `CREATE TABLE children (id INT AUTO_INCREMENT PRIMARY KEY, parent INT NOT NULL, name VARCHAR(50) NOT NULL,
     KEY by_name (name), CONSTRAINT of_parent FOREIGN KEY (parent) REFERENCES parents (id) ON DELETE CASCADE)`,
]

export class FamilyClient implements LoadClient {
  private readonly book = new Book<ReadonlySet<number>>(new Set())

  constructor(private readonly client: number) {}

  async step(connection: Connection, random: Random): Promise<void> {
    const parents = [...this.book.acknowledged]
    const parent = random.pick(parents)
    try {
      if (parent !== undefined && (parents.length > 30 || random.chance(40))) {
        await this.removeParent(connection, parent)
      } else await this.insertFamily(connection, random)
    } catch (error) {
      if (!isLockConflict(error)) throw error
      await connection.query('ROLLBACK')
    }
  }

  private removeParent(connection: Connection, parent: number): Promise<void> {
    const after = new Set(this.book.acknowledged)
    after.delete(parent)
    return this.book.change(after, () => connection.execute('DELETE FROM parents WHERE id = ?', [parent]))
  }

  private async insertFamily(connection: Connection, random: Random): Promise<void> {
    const count = 1 + random.next(20)
    await connection.query('START TRANSACTION')
    const [{ insertId }] = await connection.execute<ResultSetHeader>(
      'INSERT INTO parents (client, children) VALUES (?, ?)',
      [this.client, count],
    )
    const children = Array.from({ length: count }, () => [insertId, random.text(20)])
    await connection.query('INSERT INTO children (parent, name) VALUES ?', [children])
    const after = new Set(this.book.acknowledged).add(insertId)
    await this.book.change(after, () => connection.query('COMMIT'))
  }

  async verify(connection: Connection): Promise<void> {
    const [rows] = await connection.query<RowDataPacket[]>('SELECT id FROM parents WHERE client = ?', [
      this.client,
    ])
    const actual = new Set(rows.map(({ id }) => id as number))
    expect(this.book.possible).toContainEqual(actual)
    this.book.settle(actual)
  }
}

/** Checks what concerns all clients together. */
export async function verifyFamilies(connection: Connection): Promise<void> {
  const [torn] = await connection.query<RowDataPacket[]>(
    `SELECT parents.id, parents.children, COUNT(children.id) AS found FROM parents
       LEFT JOIN children ON children.parent = parents.id
     GROUP BY parents.id, parents.children HAVING found <> parents.children`,
  )
  expect(torn).toEqual([])
  const [orphans] = await connection.query<RowDataPacket[]>(
    'SELECT children.id FROM children LEFT JOIN parents ON parents.id = parent WHERE parents.id IS NULL',
  )
  expect(orphans).toEqual([])
}
