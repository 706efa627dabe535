/**
 * Tables in memory: the reference storage driver, and the one to copy. What it holds is gone when the server stops.
 */
import { definePlugin } from '@switchyard/core/spi'
import { MemoryStorage } from './memory-storage.js'

export { MemoryStorage } from './memory-storage.js'

export const plugin = definePlugin({
  name: '@switchyard/storage-memory',
  spiVersion: '^0.1.0',
  provides: ['storage'],
  options: {},
  create: ({ name }) => ({ storage: new MemoryStorage(name) }),
})
