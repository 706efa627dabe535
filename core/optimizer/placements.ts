/**
 * Which copies of tables may answer. A table with one copy is read there; for others the router is asked, once a statement.
 */
import type { ScanNode } from '../plan/logical.js'
import { primaryPlacementOf, type Placement, type TableDefinition } from '../plan/schema.js'
import type { PlacementCandidate } from '../spi/router.js'
import type { OptimizerContext } from './context.js'

/** The copy that a scan reads if nothing speaks for another. */
export function placementOf(scan: ScanNode, context: OptimizerContext): Placement {
  const { table } = scan
  if (table.placements.length === 1 || isChanging(scan)) return primaryPlacementOf(table)
  const [first] = legalPlacements(scan, context)
  return first?.placement ?? primaryPlacementOf(table)
}

/** The copies that the router allows, the preferred one first. */
export function legalPlacements(scan: ScanNode, context: OptimizerContext): readonly PlacementCandidate[] {
  const { table } = scan
  const candidates = context.candidates({
    table,
    purpose: scan.rowKey !== undefined ? 'write' : scan.lock === undefined ? 'read' : 'lock',
    hasOwnWrites: context.hasOwnWrites?.(table) ?? false,
  })
  return candidates.filter((each) => each.refused === undefined)
}

/** Rows that are locked or changed are those of the primary copy. */
function isChanging(scan: ScanNode): boolean {
  return scan.rowKey !== undefined || scan.lock !== undefined
}

/** Drivers that know tables find their way themselves, by the conditions that they are told. */
export function hasIndexes(table: TableDefinition, context: OptimizerContext): boolean {
  const storage = context.storage?.(primaryPlacementOf(table).storage)
  return storage === undefined || storage.capabilities.shape === 'keyspace'
}
