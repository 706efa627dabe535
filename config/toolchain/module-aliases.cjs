/** Where the workspaces' package names lead in the sources, in the form that dependency-cruiser reads. */
const { existsSync, readdirSync } = require('node:fs')
const { join } = require('node:path')

const root = join(__dirname, '..', '..')
const plugins = readdirSync(join(root, 'plugins')).filter((name) =>
  existsSync(join(root, 'plugins', name, 'index.ts')),
)

module.exports = {
  resolve: {
    alias: {
      '@switchyard/core/spi$': join(root, 'core', 'spi', 'index.ts'),
      '@switchyard/core/embedded$': join(root, 'core', 'main', 'embedded.ts'),
      '@switchyard/core/main$': join(root, 'core', 'main', 'main.ts'),
      ...Object.fromEntries(
        plugins.map((name) => [`@switchyard/${name}$`, join(root, 'plugins', name, 'index.ts')]),
      ),
    },
  },
}
