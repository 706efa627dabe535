/**
 * information_schema.CHARACTER_SETS, COLLATIONS and COLLATION_CHARACTER_SET_APPLICABILITY (MySQL manual 28.3.4, 28.3.6, 28.3.7).
 */
import type { Charset, Collation } from '../../../common/collation.js'
import { allCharsets } from '../../../common/charsets.js'
import { allCollations } from '../../../common/collations.js'
import { computedTable } from '../computed-table.js'
import { choice, required, text, unsignedBigint, unsignedInt } from '../listing-columns.js'
import type { ListingRequest } from '../listing.js'

export function walkCharsets(_request: ListingRequest, emit: (charset: Charset) => void): void {
  allCharsets().forEach(emit)
}

export function walkCollations(_request: ListingRequest, emit: (collation: Collation) => void): void {
  allCollations().forEach(emit)
}

export const CHARACTER_SETS = computedTable<Charset>('information_schema', 'CHARACTER_SETS', {
  columns: [
    required(text('CHARACTER_SET_NAME', (charset) => charset.name)),
    required(text('DEFAULT_COLLATE_NAME', (charset) => charset.defaultCollation)),
    required(text('DESCRIPTION', (charset) => charset.description, 2048)),
    required(unsignedInt('MAXLEN', (charset) => charset.bytesPerCharMax)),
  ],
  walk: walkCharsets,
})

export const COLLATIONS = computedTable<Collation>('information_schema', 'COLLATIONS', {
  columns: [
    required(text('COLLATION_NAME', (collation) => collation.name)),
    required(text('CHARACTER_SET_NAME', (collation) => collation.charset.name)),
    required(unsignedBigint('ID', (collation) => collation.id)),
    required(text('IS_DEFAULT', (collation) => (collation.isDefault ? 'Yes' : ''), 3)),
    required(text('IS_COMPILED', () => 'Yes', 3)),
    required(unsignedInt('SORTLEN', (collation) => collation.sortLength)),
    required(choice('PAD_ATTRIBUTE', ['PAD SPACE', 'NO PAD'], (collation) => collation.padAttribute)),
  ],
  walk: walkCollations,
})

export const COLLATION_CHARACTER_SET_APPLICABILITY = computedTable<Collation>(
  'information_schema',
  'COLLATION_CHARACTER_SET_APPLICABILITY',
  {
    columns: [
      required(text('COLLATION_NAME', (collation) => collation.name)),
      required(text('CHARACTER_SET_NAME', (collation) => collation.charset.name)),
    ],
    walk: walkCollations,
  },
)
