/**
 * A storage for tests, also in processes of their own.
 */
import { LmdbStorage } from '../lmdb-storage.js'

export function create(folder: string): LmdbStorage {
  return new LmdbStorage('lmdb', { folder, mapBytes: 2 ** 34, overlayBytes: 2 ** 20 })
}
