/**
 * All definitions at one moment: immutable, so a statement that holds one sees one state however long it runs. A change
 * makes the next snapshot, which shares what didn't change.
 */
import type {
  DatabaseDefinition,
  ForeignKeyDefinition,
  RelationDefinition,
  TableDefinition,
} from '../plan/schema.js'

/** A foreign key and the table that has it. */
export interface ForeignKeyReference {
  readonly child: TableDefinition
  readonly foreignKey: ForeignKeyDefinition
}

type Relations = ReadonlyMap<string, RelationDefinition>
const NO_RELATIONS: Relations = new Map()
const NO_REFERENCES: readonly ForeignKeyReference[] = []

export class CatalogSnapshot {
  private constructor(
    /** Higher in each later snapshot. */
    readonly version: number,
    private readonly databasesByName: ReadonlyMap<string, DatabaseDefinition>,
    private readonly relationsByDatabase: ReadonlyMap<string, Relations>,
    private readonly byId: ReadonlyMap<number, RelationDefinition>,
    /** By parent: `database NUL table`. */
    private readonly references: ReadonlyMap<string, readonly ForeignKeyReference[]>,
  ) {}

  static readonly EMPTY = new CatalogSnapshot(0, new Map(), new Map(), new Map(), new Map())

  database(name: string): DatabaseDefinition | undefined {
    return this.databasesByName.get(name)
  }

  databases(): readonly DatabaseDefinition[] {
    return [...this.databasesByName.values()]
  }

  relation(database: string, name: string): RelationDefinition | undefined {
    return this.relationsByDatabase.get(database)?.get(name)
  }

  relationById(id: number): RelationDefinition | undefined {
    return this.byId.get(id)
  }

  relations(database: string): Iterable<RelationDefinition> {
    return (this.relationsByDatabase.get(database) ?? NO_RELATIONS).values()
  }

  table(database: string, name: string): TableDefinition | undefined {
    const relation = this.relation(database, name)
    return relation?.kind === 'table' ? relation : undefined
  }

  /** Foreign keys of any table that refer to this name, whether it exists or not. */
  referencesTo(database: string, table: string): readonly ForeignKeyReference[] {
    // Asked for each row that is written.
    if (this.references.size === 0) return NO_REFERENCES
    return this.references.get(parentKey(database, table)) ?? NO_REFERENCES
  }

  /** The next snapshot. `relations` maps ids to new definitions, or to undefined for those that go. */
  with(changes: SnapshotChanges): CatalogSnapshot {
    const next = new SnapshotBuilder(
      this.databasesByName,
      this.relationsByDatabase,
      this.byId,
      this.references,
    )
    for (const name of changes.droppedDatabases) next.dropDatabase(name)
    for (const database of changes.databases) next.putDatabase(database)
    // Names are given up before they are taken, so that tables can swap theirs.
    for (const id of changes.droppedRelations) next.removeRelation(id)
    for (const relation of changes.relations) next.removeRelation(relation.id)
    for (const relation of changes.relations) next.addRelation(relation)
    return next.build((databases, relations, byId, references) => {
      return new CatalogSnapshot(this.version + 1, databases, relations, byId, references)
    })
  }
}

export interface SnapshotChanges {
  readonly databases: readonly DatabaseDefinition[]
  readonly droppedDatabases: readonly string[]
  /** New or changed. */
  readonly relations: readonly RelationDefinition[]
  readonly droppedRelations: readonly number[]
}

function parentKey(database: string, table: string): string {
  return `${database}\0${table}`
}

type Construct<T> = (
  databases: ReadonlyMap<string, DatabaseDefinition>,
  relations: ReadonlyMap<string, Relations>,
  byId: ReadonlyMap<number, RelationDefinition>,
  references: ReadonlyMap<string, readonly ForeignKeyReference[]>,
) => T

/** Copies each map when it is first changed. */
class SnapshotBuilder {
  private readonly databases: Map<string, DatabaseDefinition>
  private readonly relations: Map<string, Relations>
  private readonly byId: Map<number, RelationDefinition>
  private readonly references: Map<string, readonly ForeignKeyReference[]>
  private readonly copied = new Map<string, Map<string, RelationDefinition>>()

  constructor(
    databases: ReadonlyMap<string, DatabaseDefinition>,
    relations: ReadonlyMap<string, Relations>,
    byId: ReadonlyMap<number, RelationDefinition>,
    references: ReadonlyMap<string, readonly ForeignKeyReference[]>,
  ) {
    this.databases = new Map(databases)
    this.relations = new Map(relations)
    this.byId = new Map(byId)
    this.references = new Map(references)
  }

  putDatabase(database: DatabaseDefinition): void {
    this.databases.set(database.name, database)
  }

  dropDatabase(name: string): void {
    this.databases.delete(name)
    for (const relation of [...(this.relations.get(name) ?? NO_RELATIONS).values()]) {
      this.removeRelation(relation.id)
    }
    this.relations.delete(name)
    this.copied.delete(name)
  }

  addRelation(relation: RelationDefinition): void {
    this.relationsOf(relation.database).set(relation.name, relation)
    this.byId.set(relation.id, relation)
    if (relation.kind !== 'table') return
    for (const foreignKey of relation.foreignKeys) {
      const key = parentKey(foreignKey.referencedDatabase, foreignKey.referencedTable)
      this.references.set(key, [...(this.references.get(key) ?? []), { child: relation, foreignKey }])
    }
  }

  removeRelation(id: number): void {
    const relation = this.byId.get(id)
    if (relation === undefined) return
    this.byId.delete(id)
    this.relationsOf(relation.database).delete(relation.name)
    if (relation.kind !== 'table') return
    for (const foreignKey of relation.foreignKeys) {
      const key = parentKey(foreignKey.referencedDatabase, foreignKey.referencedTable)
      const rest = (this.references.get(key) ?? []).filter((reference) => reference.child.id !== id)
      if (rest.length > 0) this.references.set(key, rest)
      else this.references.delete(key)
    }
  }

  build<T>(construct: Construct<T>): T {
    return construct(this.databases, this.relations, this.byId, this.references)
  }

  private relationsOf(database: string): Map<string, RelationDefinition> {
    let relations = this.copied.get(database)
    if (relations === undefined) {
      relations = new Map(this.relations.get(database) ?? NO_RELATIONS)
      this.copied.set(database, relations)
      this.relations.set(database, relations)
    }
    return relations
  }
}
