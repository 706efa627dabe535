/**
 * The temporary tables of a session: they shadow tables of the same name, and are gone when the session ends.
 */
import type { TableDefinition } from '../plan/schema.js'

export class TemporaryTables {
  private readonly tables = new Map<string, TableDefinition>()

  get isEmpty(): boolean {
    return this.tables.size === 0
  }

  find(database: string, name: string): TableDefinition | undefined {
    return this.tables.size === 0 ? undefined : this.tables.get(keyOf(database, name))
  }

  /** Adds a table, or replaces the one of its name (ALTER TABLE). */
  put(table: TableDefinition): void {
    this.tables.set(keyOf(table.database, table.name), table)
  }

  remove(database: string, name: string): TableDefinition | undefined {
    const key = keyOf(database, name)
    const table = this.tables.get(key)
    this.tables.delete(key)
    return table
  }

  /** The tables that were there; their rows are the caller's to drop. */
  removeAll(): readonly TableDefinition[] {
    const tables = [...this.tables.values()]
    this.tables.clear()
    return tables
  }

  list(): readonly TableDefinition[] {
    return [...this.tables.values()]
  }
}

function keyOf(database: string, name: string): string {
  return `${database}\u0000${name}`
}
