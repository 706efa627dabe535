/**
 * Goal: the reference driver keeps the contract. Method: the conformance suite.
 */
import { runKeyspaceConformance } from '../../test/conformance/storage/keyspace-conformance.js'
import { MemoryStorage } from './memory-storage.js'

runKeyspaceConformance('memory', { create: () => new MemoryStorage('memory') })
