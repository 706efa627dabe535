/**
 * CREATE TABLE … LIKE (MySQL manual 15.1.20.3): the same columns, indexes and checks under new ids; no foreign keys.
 */
import type { Placement, TableDefinition } from '../plan/schema.js'
import { CheckNames } from './define-check.js'
import { withoutRowHistory } from './row-history.js'

export interface LikeTraits {
  readonly id: number
  readonly database: string
  readonly name: string
  readonly temporary: boolean
  readonly placements: readonly Placement[]
  readonly createdAtMicros: number
  readonly allocateId: () => number
}

/** Checks get generated names, as theirs are taken. */
export function likeTable(original: TableDefinition, traits: LikeTraits): TableDefinition {
  const { allocateId, ...own } = traits
  const names = new CheckNames(traits.name, [])
  const copied = withoutRowHistory(original)
  return Object.freeze({
    ...copied,
    ...own,
    version: 1,
    columns: copied.columns.map((column) => Object.freeze({ ...column, id: allocateId() })),
    indexes: original.indexes.map((index) => Object.freeze({ ...index, id: allocateId() })),
    foreignKeys: [],
    checks: original.checks.map((check) => Object.freeze({ ...check, name: names.next() })),
  })
}
