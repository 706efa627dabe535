/**
 * Whether a row of an UPDATE or DELETE is changed: MySQL counts, writes and stamps only rows that become different, to the byte, and each
 * of them once.
 */
import { bytesToMapKey } from '../common/bytes.js'
import type { Value } from '../common/value.js'

export function sameRow(a: readonly Value[], b: readonly Value[]): boolean {
  for (let i = 0; i < a.length; i++) if (!sameValue(a[i] as Value, b[i] as Value)) return false
  return true
}

function sameValue(a: Value, b: Value): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0
  // 0 is another value than -0 to who reads it.
  return Object.is(a, b)
}

/** Whether a row's key isn't among those that are done; from now on it is. */
export function isFirst(done: Set<string>, rowKey: Uint8Array): boolean {
  const key = bytesToMapKey(rowKey, 0, rowKey.length)
  if (done.has(key)) return false
  done.add(key)
  return true
}
