/**
 * Finds the module of a plugin: by path, or by package name in the folders that the configuration brings (and their
 * parents), then beside the server itself. Node's own resolution starts at the importing file only, which would never
 * find a package that was installed next to a configuration.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isMapping } from './config-formats.js'
import { messageOf, StartError } from './start-error.js'

/** The conditions under which Node picks an entry for `import`. */
const CONDITIONS: readonly string[] = ['node', 'import', 'module-sync', 'default']
const OWN_FOLDER = dirname(fileURLToPath(import.meta.url))

/**
 * What to give to `import()` for a package name or an absolute path. A package that belongs to the server's own
 * installation stays a bare name. Throws a StartError that says where was looked.
 */
export function resolvePlugin(name: string, folders: readonly string[]): string {
  const parts = /^(@[^/]+\/[^/]+|[^@./\\][^/\\]*)$/.exec(name)
  if (parts === null) return pathToFileURL(resolvePath(name)).href
  const [configFolder, ...otherFolders] = folders
  const inConfig = configFolder === undefined ? undefined : findPackage(name, configFolder)
  const own = findPackage(name, OWN_FOLDER)
  if (own !== undefined && (inConfig === undefined || inConfig === own)) return name
  for (const folder of [inConfig, ...otherFolders.map((other) => findPackage(name, other))]) {
    if (folder !== undefined) return pathToFileURL(entryOf(folder)).href
  }
  throw new StartError(
    `can't find the package ${name} (looked from ${[...folders, OWN_FOLDER].join(', ')}); npm install ${name} adds it`,
  )
}

function resolvePath(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) throw new StartError(`there is no plugin at ${path}`)
  return found.isDirectory() ? entryOf(path) : path
}

/** Whether a package is there: beside the server, or in one of the folders. */
export function isPackageInstalled(name: string, folders: readonly string[]): boolean {
  return [OWN_FOLDER, ...folders].some((folder) => findPackage(name, folder) !== undefined)
}

/** The folder of a package as an import from `folder` would find it. */
function findPackage(name: string, folder: string): string | undefined {
  const candidate = join(folder, 'node_modules', ...name.split('/'))
  if (existsSync(join(candidate, 'package.json'))) return candidate
  const parent = dirname(folder)
  return parent === folder ? undefined : findPackage(name, parent)
}

/** The file that importing the package in `folder` runs. */
function entryOf(folder: string): string {
  const manifest = readPackage(folder)
  const entry =
    targetOf(entryPoint(manifest.exports)) ?? (typeof manifest.main === 'string' ? manifest.main : 'index.js')
  const file = join(folder, entry)
  if (existsSync(file)) return file
  throw new StartError(`the plugin in ${folder} has no file ${entry}; was it built?`)
}

function readPackage(folder: string): Record<string, unknown> {
  const file = join(folder, 'package.json')
  if (!existsSync(file)) return {}
  try {
    const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return isMapping(manifest) ? manifest : {}
  } catch (error) {
    throw new StartError(`${file} is not JSON: ${messageOf(error)}`, { cause: error })
  }
}

/** The part of `exports` that answers for the package itself. */
function entryPoint(exports: unknown): unknown {
  return isMapping(exports) && '.' in exports ? exports['.'] : exports
}

/** Follows conditions in the order in which the package lists them, as Node does. */
function targetOf(target: unknown): string | undefined {
  if (typeof target === 'string') return target
  if (Array.isArray(target)) return target.map(targetOf).find((found) => found !== undefined)
  if (!isMapping(target)) return undefined
  for (const [condition, inner] of Object.entries(target)) {
    const found = CONDITIONS.includes(condition) ? targetOf(inner) : undefined
    if (found !== undefined) return found
  }
  return undefined
}
