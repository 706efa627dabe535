/**
 * Goal: plugins from outside the repository load by name or path, and a wrong one ends the start with a line that tells
 * what is wrong. Method: packages of plain JavaScript in temporary folders, loaded as the server loads them.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sampleServerFolder } from '../../test/support/sample-plugins.js'
import { removeTemporaryFolders, temporaryFolder, writeFiles } from '../../test/support/temporary-folder.js'
import { createLog } from '../main/log.js'
import { parseFlags } from './flags.js'
import { loadConfig } from './load-config.js'
import { loadPlugins } from './load-plugins.js'

const shippedFolder = fileURLToPath(new URL('../../config', import.meta.url))

/** Leaves out the shipped plugins that a test isn't about. */
const LEFT_OUT = 'mysql-wire: { enabled: false }, remote: { enabled: false }, placement: { enabled: false }'

/** Loads the plugins of a configuration file as the server does. */
async function loadFrom(file: string, environment: Record<string, string> = {}) {
  const currentFolder = temporaryFolder()
  const flags = parseFlags(['--config', file])
  const config = loadConfig({ flags, environment, currentFolder, shippedFolder })
  const logger = await createLog({ level: 'silent', format: 'json' })
  return loadPlugins({ ...config, logger, environment, currentFolder })
}

/** Loads a configuration with one more plugin, whose module has this code. */
async function loadModule(code: string, fileName = 'index.mjs') {
  const folder = sampleServerFolder(`  odd: { package: ./odd/${fileName} }\n`)
  writeFiles(folder, { [`odd/${fileName}`]: code })
  return loadFrom(join(folder, 'server.yaml'))
}

const manifest = (changes: string) => `
export const plugin = {
  name: 'odd', spiVersion: '^0.1.0', provides: ['functions'], options: {}, create: () => ({ functions: {} }), ${changes}
}`

afterAll(removeTemporaryFolders)

test('loads packages that are installed beside the configuration: ESM, CommonJS, each way to name an entry', async () => {
  const plugins = await loadFrom(join(sampleServerFolder(), 'server.yaml'))
  expect(plugins.map(({ name, manifest: { name: packageName } }) => [name, packageName])).toEqual([
    ['hello', '@sample/hello'],
    ['router', '@sample/router'],
    ['archive', '@sample/archive'],
  ])
  expect(plugins[2]?.parts.storage).toMatchObject({ name: 'archive', capabilities: { durable: true } })
})

test('finds a package in a folder above the configuration', async () => {
  const folder = sampleServerFolder()
  writeFiles(folder, {
    'deep/er/server.yaml': `storage: archive\nplugins: { ${LEFT_OUT}, archive: { package: '@sample/archive' } }`,
  })
  const plugins = await loadFrom(join(folder, 'deep/er/server.yaml'))
  expect(plugins.at(-1)?.name).toBe('archive')
})

test("finds the server's own plugins from anywhere", async () => {
  const folder = writeFiles(temporaryFolder(), {
    'server.yaml': `storage: memory\nplugins: { ${LEFT_OUT} }\n`,
  })
  const plugins = await loadFrom(join(folder, 'server.yaml'))
  expect(plugins.find(({ name }) => name === 'memory')?.parts.storage?.name).toBe('memory')
})

test('loads a file and a folder by path', async () => {
  expect((await loadModule(manifest(''))).at(-1)?.name).toBe('odd')
  const folder = sampleServerFolder('  odd: { package: ./odd }\n')
  writeFiles(folder, { 'odd/package.json': '{"type":"module","main":"./m.js"}', 'odd/m.js': manifest('') })
  expect((await loadFrom(join(folder, 'server.yaml'))).at(-1)?.name).toBe('odd')
})

test('one package can have several instances; a variable speaks for the first', async () => {
  const folder = sampleServerFolder('  attic: { package: "@sample/archive" }\n')
  const plugins = await loadFrom(join(folder, 'server.yaml'), { ARCHIVE_DURABLE: 'no' })
  const storages = plugins.flatMap(({ parts }) => (parts.storage === undefined ? [] : [parts.storage]))
  expect(storages.map(({ name, capabilities }) => [name, capabilities.durable])).toEqual([
    ['archive', false],
    ['attic', true],
  ])
})

test.each([
  ['no manifest', 'export const other = 1', /odd: .*index\.mjs exports no plugin manifest named 'plugin'/],
  ['half a manifest', 'export const plugin = { name: "odd" }', /without name, options or create/],
  ['no version', manifest('spiVersion: undefined'), /without spiVersion/],
  ['a version that is none', manifest("spiVersion: 'newest'"), /no version range: 'newest'/],
  [
    'another version',
    manifest("spiVersion: '^7.0.0'"),
    /made for version \^7\.0\.0 of the plugin interface; this server has 0\.1\.0/,
  ],
  ['nothing provided', manifest('provides: []'), /provides nothing/],
  ['an unknown point', manifest("provides: ['kitchen']"), /unknown extension point "kitchen"/],
  ['a promise not kept', manifest("provides: ['functions', 'catalog']"), /made no catalog/],
  [
    'a failing create',
    manifest("create() { throw new Error('folder and url exclude one another') }"),
    /^plugin odd: folder and url exclude one another$/,
  ],
  ['a failing import', "throw new Error('needs\\nlibfoo')", /can't import .*: needs libfoo$/],
  ['broken code', 'export const = 1', /can't import/],
  [
    'a storage of another name',
    manifest("provides: ['storage'], create: () => ({ storage: { name: 'even' } })"),
    /calls itself 'even'/,
  ],
])('%s is refused in one line', async (_, code, message) => {
  await expect(loadModule(code)).rejects.toThrow(expect.objectContaining({ name: 'StartError' }))
  await expect(loadModule(code)).rejects.toThrow(message)
})

test.each([
  [
    'package: not-installed-anywhere',
    /can't find the package not-installed-anywhere \(looked from .*npm install/,
  ],
  ['package: "@sample/absent"', /can't find the package @sample\/absent/],
  ['package: ./nowhere', /there is no plugin at .*nowhere/],
  ['package: ./unbuilt', /has no file dist\/index\.js; was it built\?/],
])('%s is refused in one line', async (entry, message) => {
  const folder = sampleServerFolder(`  odd: { ${entry} }\n`)
  writeFiles(folder, { 'unbuilt/package.json': '{"main":"dist/index.js"}' })
  await expect(loadFrom(join(folder, 'server.yaml'))).rejects.toThrow(message)
})

test('options are checked before any part is made', async () => {
  const folder = sampleServerFolder(`
  odd: { package: ./odd.mjs }
  attic: { package: '@sample/archive', options: { lout: true } }
`)
  writeFiles(folder, {
    'odd.mjs': manifest('create() { globalThis.oddWasMade = true; return { functions: {} } }'),
  })
  const loading = loadFrom(join(folder, 'server.yaml'))
  await expect(loading).rejects.toThrow(/server\.yaml: plugin attic has no option 'lout'/)
  expect(globalThis).not.toHaveProperty('oddWasMade')
})
