/**
 * Temporary tables of one session (MySQL manual 15.1.20.2): definitions that only this session sees, over those of the catalog, which
 * they hide. They end with the session.
 */
import type { TableDefinition } from '../plan/schema.js'

export class TemporaryTables {
  private readonly tables = new Map<string, TableDefinition>()
  private changes = 0

  /** Changes with every change, so that cached plans can be checked with one comparison. */
  get version(): number {
    return this.changes
  }

  get isEmpty(): boolean {
    return this.tables.size === 0
  }

  find(database: string, name: string): TableDefinition | undefined {
    return this.tables.get(keyOf(database, name))
  }

  all(): readonly TableDefinition[] {
    return [...this.tables.values()]
  }

  /** Adds a table, or replaces one by its next definition. */
  put(table: TableDefinition): void {
    if (!table.temporary) throw new Error('invariant: only temporary tables belong to a session')
    for (const [key, present] of this.tables) if (present.id === table.id) this.tables.delete(key)
    this.tables.set(keyOf(table.database, table.name), table)
    this.changes++
  }

  remove(table: TableDefinition): void {
    if (this.tables.delete(keyOf(table.database, table.name))) this.changes++
  }
}

function keyOf(database: string, name: string): string {
  return `${database}\0${name}`
}
