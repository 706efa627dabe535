/**
 * Goal: the driver keeps the contract, also across crashes. Method: the conformance suite, once with an overlay so small that
 * nearly everything is read from LMDB, once with the usual one.
 */
import { runKeyspaceConformance } from '../../test/conformance/storage/keyspace-conformance.js'
import { create } from './testing/create-storage.js'
import { LmdbStorage } from './lmdb-storage.js'

const module = new URL('./testing/create-storage.ts', import.meta.url).href

runKeyspaceConformance('lmdb', { create, module })
runKeyspaceConformance('lmdb with a small overlay', {
  create: (folder) => new LmdbStorage('lmdb', { folder, mapBytes: 2 ** 34, overlayBytes: 2048 }),
})
