/**
 * Things in storages that no definition names. Whoever builds something there notes it first, and takes the note back in
 * the very commit that publishes it; a commit that drops a definition notes what it leaves behind. So whatever happens,
 * at the next start everything that is noted can go, and nothing else is left over.
 */
import { primaryPlacementOf, type TableDefinition } from '../plan/schema.js'

export interface Orphan {
  /** Name of the storage instance. */
  readonly storage: string
  /** A keyspace of a keyspace driver, or a table of a table driver. */
  readonly kind: 'keyspace' | 'table'
  readonly id: number
}

export type ShapeOf = (storage: string) => 'keyspace' | 'table'

/** What a table keeps in storages. */
export function footprintOf(table: TableDefinition, shapeOf: ShapeOf): readonly Orphan[] {
  const primary = primaryPlacementOf(table)
  const footprint: Orphan[] = []
  for (const placement of table.placements) {
    const { storage } = placement
    if (shapeOf(storage) === 'table') footprint.push({ storage, kind: 'table', id: table.id })
    else footprint.push({ storage, kind: 'keyspace', id: placement.id })
  }
  if (shapeOf(primary.storage) === 'keyspace') {
    for (const index of table.indexes) {
      if (!index.primary) footprint.push({ storage: primary.storage, kind: 'keyspace', id: index.id })
    }
  }
  return footprint
}

export function sameOrphan(a: Orphan, b: Orphan): boolean {
  return a.storage === b.storage && a.kind === b.kind && a.id === b.id
}

/** What of `before` isn't in `after`. */
export function leftBehind(before: readonly Orphan[], after: readonly Orphan[]): readonly Orphan[] {
  return before.filter((orphan) => !after.some((other) => sameOrphan(orphan, other)))
}
