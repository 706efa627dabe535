/** The default router as a plugin: reads and writes go to a table's primary copy. */
import { definePlugin } from '@switchyard/core/spi'
import { PlacementRouter } from './placement-router.js'

export { PlacementRouter } from './placement-router.js'

export const plugin = definePlugin({
  name: '@switchyard/router-placement',
  spiVersion: '^0.1.0',
  provides: ['router'],
  options: {
    columnStore: {
      type: 'string',
      default: '',
      description: 'The storage of new tables that look like facts for analysis; empty for none.',
    },
    names: {
      type: 'string',
      default: '',
      description: 'Words, with commas between them, of which such a table has one in its name.',
    },
    numericShare: {
      type: 'number',
      default: 0.6,
      description: 'The least share of its columns that are numbers or dates, from 0 to 1.',
      check: (share) => (share >= 0 && share <= 1 ? undefined : 'must be between 0 and 1'),
    },
    rowsBelow: {
      type: 'integer',
      default: 1_000_000,
      description: 'Tables with fewer rows are advised to be rows (switchyard.migration_candidates).',
    },
    columnsFrom: {
      type: 'integer',
      default: 10_000_000,
      description:
        'Tables with at least so many rows are advised to be columns; below it depends on their use.',
    },
  },
  create: ({ settings, options }) => {
    const { columnStore, numericShare, rowsBelow, columnsFrom } = options
    const names = options.names.split(',').map((name) => name.trim().toLowerCase())
    const rule =
      columnStore === '' ? undefined : { storage: columnStore, names, numericShare, rowsBelow, columnsFrom }
    return { router: new PlacementRouter(settings.storage, rule) }
  },
})
