/**
 * What the server finds beside its own code: its version and the configuration files it is shipped with. Both lie
 * some folders above this module, at a distance that depends on whether it runs compiled or from its source.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { StartError } from '../loader/start-error.js'

const OWN_FOLDER = dirname(fileURLToPath(import.meta.url))

/** Version of the package, such as '0.1.0'. */
export function installedVersion(): string {
  const file = join(folderAbove('package.json'), 'package.json')
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }
  return manifest.version
}

/** The folder of `default.yaml` and the files of the storage modes. */
export function shippedConfigFolder(): string {
  return join(folderAbove(join('config', 'default.yaml')), 'config')
}

/** The nearest folder above this module that has `path`. */
function folderAbove(path: string, folder = OWN_FOLDER): string {
  if (existsSync(join(folder, path))) return folder
  const parent = dirname(folder)
  if (parent === folder)
    throw new StartError(`the installation is incomplete: no ${path} above ${OWN_FOLDER}`)
  return folderAbove(path, parent)
}
