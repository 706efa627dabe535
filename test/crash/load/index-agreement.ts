/**
 * Whether every index of a table has exactly the table's rows: read through the index, which its order shows, and compared with
 * what the primary key gives; then the server's own CHECK TABLE.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise'

export interface IndexedTable {
  readonly table: string
  readonly key: readonly string[]
  /** Columns of each index behind the name of the index, and a condition on the first that all rows with a value fulfil. */
  readonly indexes: Readonly<Record<string, { readonly columns: readonly string[]; readonly all: string }>>
}

export async function expectIndexesToAgree(
  connection: Connection,
  tables: readonly IndexedTable[],
): Promise<void> {
  for (const { table, key, indexes } of tables) {
    for (const [index, { columns, all }] of Object.entries(indexes)) {
      const wanted = [...columns, ...key].join(', ')
      const through = async (name: string): Promise<string[]> => {
        const [rows] = await connection.query<RowDataPacket[][]>({
          sql: `SELECT ${wanted} FROM ${table} FORCE INDEX (${name}) WHERE ${all}`,
          rowsAsArray: true,
        })
        return rows.map((row) => JSON.stringify(row))
      }
      const found = await through(index)
      const expected = await through('PRIMARY')
      expect({ table, index, rows: [...found].sort() }).toEqual({ table, index, rows: [...expected].sort() })
    }
  }
}

/** Expects CHECK TABLE to find nothing. */
export async function checkTables(connection: Connection, tables: readonly string[]): Promise<void> {
  const [rows] = await connection.query<RowDataPacket[]>(`CHECK TABLE ${tables.join(', ')} EXTENDED`)
  expect(rows.filter(({ Msg_type, Msg_text }) => Msg_type !== 'status' || Msg_text !== 'OK')).toEqual([])
  expect(rows).toHaveLength(tables.length)
}
