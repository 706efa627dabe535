/** The default router as a plugin: reads and writes go to a table's primary copy. */
import { definePlugin } from '@switchyard/core/spi'
import { PlacementRouter } from './placement-router.js'

export { PlacementRouter } from './placement-router.js'

export const plugin = definePlugin({
  name: '@switchyard/router-placement',
  spiVersion: '^0.1.0',
  provides: ['router'],
  options: {},
  create: ({ settings }) => ({ router: new PlacementRouter(settings.storage) }),
})
