/**
 * Goal: tables in chDB are what the server expects of any table driver. Method: the suite for table drivers over the real
 * engine, where it is installed.
 */
import { runTableConformance } from '../../test/conformance/storage/table-conformance.js'
import { isEngineInstalled } from './index.js'
import { createTestStorage } from './testing/test-storage.js'

if (isEngineInstalled()) {
  runTableConformance('chdb', { create: (folder) => createTestStorage(folder) })
} else {
  test.skip('the package chdb is not installed: the suite for table drivers', () => undefined)
}
