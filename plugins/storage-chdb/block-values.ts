/** Columns of a batch as values of a block. */
import type { Batch } from '@switchyard/core/spi'
import type { KeyForm } from './key-form.js'
import type { BlockValues } from './block-writer.js'

export function vectorAt(rows: Batch, position: number): BlockValues {
  const vector = rows.columns[position]
  if (vector === undefined) throw new Error('invariant: the batch has all columns')
  return { kind: 'vector', vector }
}

export function keyBytes(form: KeyForm, rows: Batch, position: number): BlockValues {
  const vector = rows.columns[position]
  const values = Array.from({ length: rows.rowCount }, (_, row) => {
    const value = vector?.get(row) ?? null
    return value === null ? null : form.bytesOf(value)
  })
  return { kind: 'bytes', values }
}
