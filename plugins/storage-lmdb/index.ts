/**
 * Tables in LMDB: the durable row store.
 */
import { definePlugin } from '@switchyard/core/spi'
import { CACHE_BYTES, LmdbStorage } from './lmdb-storage.js'

export { LmdbStorage, type LmdbOptions } from './lmdb-storage.js'

export const plugin = definePlugin({
  name: '@switchyard/storage-lmdb',
  spiVersion: '^0.1.0',
  provides: ['storage'],
  options: {
    folder: {
      type: 'path',
      default: 'lmdb',
      description: 'Folder of the data file; relative to the data folder.',
      env: 'LMDB_PATH',
    },
    mapBytes: {
      type: 'bytes',
      default: 2 ** 40,
      description:
        'Address space reserved for the data file: the most that it can grow to. Neither memory nor disk space is taken for it.',
      check: (bytes) => (bytes >= 2 ** 24 ? undefined : 'must be at least 16M'),
    },
    overlayBytes: {
      type: 'bytes',
      default: 32 * 2 ** 20,
      description:
        'Bytes of commits that are kept in memory (and in the commit log) before they are written to the data file together.',
      check: (bytes) => (bytes >= 2 ** 16 ? undefined : 'must be at least 64K'),
    },
    cacheBytes: {
      type: 'bytes',
      default: CACHE_BYTES,
      description: 'Most memory for rows and index entries that were read lately; taken as it is needed.',
      check: (bytes) => (bytes >= 2 ** 20 ? undefined : 'must be at least 1M'),
    },
  },
  create: ({ name, options, logger }) => ({ storage: new LmdbStorage(name, options, logger) }),
})
