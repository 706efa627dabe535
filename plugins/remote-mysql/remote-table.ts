/** Tables of remotes: where each lies, and what of it isn't in its definition. */
import { sqlError, type TableDefinition } from '@switchyard/core/spi'
import { identifier } from './sql-text.js'
import type { RemoteServer } from './remote-server.js'

export interface RemoteTable {
  readonly server: RemoteServer
  /** Names over there. */
  readonly database: string
  readonly name: string
  readonly isReadOnly: boolean
  /** Positions of columns whose type or collation we don't have: their values are compared here only. */
  readonly foreignColumns: ReadonlySet<number>
  /** As the remote estimated them, and what was written there from here since. */
  rows: number
  readonly bytes: number
}

/** Tables by their ids. */
export class RemoteTables {
  /** Counts changes. */
  version = 0
  private readonly byId = new Map<number, RemoteTable>()

  set(id: number, table: RemoteTable): void {
    this.byId.set(id, table)
    this.version++
  }

  find(id: number): RemoteTable | undefined {
    return this.byId.get(id)
  }

  /** Throws ER_TABLE_DEF_CHANGED for tables of a database that was dropped. */
  require(table: TableDefinition): RemoteTable {
    const found = this.byId.get(table.id)
    if (found === undefined) throw sqlError('ER_TABLE_DEF_CHANGED')
    return found
  }
}

/** `database`.`table`, as the remote knows it. */
export function tableName({ database, name }: RemoteTable): string {
  return `${identifier(database)}.${identifier(name)}`
}
