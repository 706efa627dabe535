/**
 * A table or view under another name, and what goes with it: generated names of constraints, and foreign keys of others that
 * name it (MySQL manual 15.1.36).
 */
import type { RelationDefinition, TableDefinition } from '../plan/schema.js'

export function renamed(relation: RelationDefinition, database: string, name: string): RelationDefinition {
  const version = relation.version + 1
  if (relation.kind === 'view') return Object.freeze({ ...relation, version, database, name })
  return Object.freeze({
    ...relation,
    version,
    database,
    name,
    foreignKeys: relation.foreignKeys.map((foreignKey) => ({
      ...foreignKey,
      name: withTableName(foreignKey.name, relation.name, name, '_ibfk_'),
    })),
    checks: relation.checks.map((check) => ({
      ...check,
      name: withTableName(check.name, relation.name, name, '_chk_'),
    })),
  })
}

/** `old_ibfk_1` becomes `new_ibfk_1`; names that users gave stay. */
function withTableName(name: string, from: string, to: string, infix: string): string {
  const prefix = `${from}${infix}`
  return name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length))
    ? `${to}${infix}${name.slice(prefix.length)}`
    : name
}

/** The child with its foreign keys pointing to where the parent is now. */
export function withParentRenamed(
  child: TableDefinition,
  from: { readonly database: string; readonly name: string },
  to: { readonly database: string; readonly name: string },
): TableDefinition {
  return Object.freeze({
    ...child,
    foreignKeys: child.foreignKeys.map((foreignKey) =>
      foreignKey.referencedDatabase === from.database && foreignKey.referencedTable === from.name
        ? { ...foreignKey, referencedDatabase: to.database, referencedTable: to.name }
        : foreignKey,
    ),
  })
}
