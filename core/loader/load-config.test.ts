/**
 * Goal: the configuration is what defaults, files, environment and flags say, the later one winning, and every mistake is
 * told with the place where it stands. Method: real files in temporary folders and the shipped configuration.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CORE_SCHEMA, load } from 'js-yaml'
import { removeTemporaryFolders, temporaryFolder, writeFiles } from '../../test/support/temporary-folder.js'
import { createConfig, schemaLeaves } from './config-schema.js'
import { parseFlags } from './flags.js'
import { loadConfig, type LoadedConfig } from './load-config.js'

const shippedFolder = fileURLToPath(new URL('../../config', import.meta.url))

interface Given {
  readonly file?: string
  readonly fileName?: string
  readonly environment?: Record<string, string>
  readonly args?: readonly string[]
  /** Packages that are there; default: all. */
  readonly installed?: readonly string[]
}

/** Loads with the shipped files and, if `file` is given, with a file of that text in a folder of its own. */
function loadWith({
  file,
  fileName = 'server.yaml',
  environment = {},
  args = [],
  installed,
}: Given): LoadedConfig & {
  readonly folder: string
} {
  const folder = temporaryFolder()
  if (file !== undefined) writeFiles(folder, { [`conf/${fileName}`]: file })
  const fileArgs = file === undefined ? [] : ['--config', `conf/${fileName}`]
  const flags = parseFlags([...fileArgs, ...args])
  const isInstalled = (name: string): boolean => installed?.includes(name) ?? true
  const sources = { flags, environment, currentFolder: folder, shippedFolder, isInstalled }
  return { folder, ...loadConfig(sources) }
}

afterAll(removeTemporaryFolders)

describe('the shipped files', () => {
  const defaultText = readFileSync(join(shippedFolder, 'default.yaml'), 'utf8')

  test('default.yaml has every key of the schema with its default', () => {
    const { plugins, ...written } = load(defaultText, { schema: CORE_SCHEMA }) as Record<string, unknown>
    const config = createConfig()
    const { plugins: noPlugins, ...defaults } = config.getProperties()
    config.load(written).validate({ allowed: 'strict' })
    const { plugins: ignored, ...loaded } = config.getProperties()
    expect(loaded).toEqual(defaults)
    expect([plugins, noPlugins, ignored].map((value) => typeof value)).toEqual(['object', 'object', 'object'])
    for (const [key] of schemaLeaves()) expect(keysOf(written, '').concat('plugins')).toContain(key)
  })

  test('default.yaml explains every key in a comment above it', () => {
    const lines = defaultText.split('\n')
    const unexplained = lines.filter((line, index) => {
      const isKey = /^ {0,2}[a-zA-Z]+:/.test(line) && !isInsidePlugins(lines, index)
      return isKey && !isExplained(lines, index)
    })
    expect(unexplained).toEqual([])
  })

  test('default.yaml names the variables and flags of its keys', () => {
    for (const [, leaf] of schemaLeaves()) {
      if (leaf.env !== undefined) expect(defaultText).toContain(leaf.env)
      if (leaf.arg !== undefined) expect(defaultText).toContain(`--${leaf.arg}`)
    }
  })

  test.each(readdirSync(shippedFolder).filter((file) => file.endsWith('.yaml') && file !== 'default.yaml'))(
    '%s is a mode that loads, also by --config',
    (file) => {
      const mode = file.replace('.yaml', '')
      const byName = loadWith({ args: ['--storage', mode] })
      const { storage } = byName.settings
      expect(storage).toBe(['hybrid', 'mysql'].includes(mode) ? 'lmdb' : mode)
      expect(byName.plugins.map(({ name }) => name)).toContain(storage)
      const byFile = loadWith({ args: ['--config', join(shippedFolder, file)] })
      expect(byFile.plugins.map(({ name }) => name)).toEqual(byName.plugins.map(({ name }) => name))
    },
  )
})

/** Whether a comment stands above the line, possibly with keys of the same group between. */
function isExplained(lines: readonly string[], index: number): boolean {
  const above = lines[index - 1] ?? ''
  if (above.trimStart().startsWith('#')) return true
  // `port` and `bind` share a comment: a key directly below another belongs to the same paragraph.
  const indent = /^ */.exec(lines[index] ?? '')?.[0] ?? ''
  return new RegExp(`^${indent}[a-zA-Z]+: \\S`).test(above) && isExplained(lines, index - 1)
}

function isInsidePlugins(lines: readonly string[], index: number): boolean {
  return lines[index]?.startsWith(' ') === true && lines.slice(0, index).includes('plugins:')
}

function keysOf(values: Record<string, unknown>, prefix: string): string[] {
  return Object.entries(values).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null
      ? keysOf(value as Record<string, unknown>, `${prefix}${key}.`)
      : [prefix + key],
  )
}

describe('layers', () => {
  test('flags win over environment, environment over file, file over defaults', () => {
    const file = 'port: 4001\nbind: 10.0.0.1\nsocket: /tmp/own.sock\n'
    const environment = { PORT: '4002', BIND_ADDR: '10.0.0.2' }
    const { settings } = loadWith({ file, environment, args: ['--port', '4003'] })
    expect(settings).toMatchObject({ port: 4003, bind: '10.0.0.2', socket: '/tmp/own.sock', storage: 'lmdb' })
  })

  test('a JSON file has the same keys', () => {
    const file = '{ "limits": { "connections": 7, "packet": "1M" } }'
    const { settings } = loadWith({ file, fileName: 'server.json' })
    expect(settings.limits).toMatchObject({ connectionsMax: 7, packetBytesMax: 1024 ** 2 })
  })

  test('the environment may choose the storage, and a flag another one', () => {
    const environment = { STORAGE_BACKEND: 'memory' }
    expect(loadWith({ environment }).settings.storage).toBe('memory')
    expect(loadWith({ environment, args: ['--storage', 'lmdb'] }).settings.storage).toBe('lmdb')
  })

  test('empty variables, empty files and empty keys count as unset', () => {
    const environment = { PORT: '', STORAGE_BACKEND: '' }
    expect(loadWith({ file: '# nothing\n', environment }).settings).toMatchObject({
      port: 3306,
      storage: 'lmdb',
    })
    expect(loadWith({ file: 'socket:\nlimits:\n  packet:\n' }).settings.socket).toBe('')
  })

  test('relative paths count from the file, or from the current folder', () => {
    expect(loadWith({}).settings.dataFolder).toMatch(/\/data$/)
    const inFile = loadWith({ file: 'dataDir: ./kept\ninit: { folder: ../scripts, sample: false }\n' })
    expect(inFile.settings.dataFolder).toBe(join(inFile.folder, 'conf', 'kept'))
    expect(inFile.settings.init.folders).toEqual([join(inFile.folder, 'scripts')])
    const byFlag = loadWith({ file: 'dataDir: ./kept\n', args: ['--data-dir', 'mine'] })
    expect(byFlag.settings.dataFolder).toBe(join(byFlag.folder, 'mine'))
  })

  test('log level: --debug over --verbose over the environment over the file', () => {
    const file = 'log: { level: error }\n'
    expect(loadWith({ file }).log.level).toBe('error')
    expect(loadWith({ file, environment: { VERBOSE: '1' } }).log.level).toBe('debug')
    expect(loadWith({ file, environment: { DEBUG: 'true' } }).log.level).toBe('trace')
    expect(loadWith({ file, environment: { DEBUG: '1' }, args: ['--verbose'] }).log.level).toBe('debug')
    expect(loadWith({ file, args: ['--verbose', '--debug'] }).log.level).toBe('trace')
    expect(loadWith({ file, environment: { DEBUG: 'express:*', VERBOSE: '0' } }).log.level).toBe('error')
  })

  test('plugins merge by instance name, options by key', () => {
    const file = `
plugins:
  lmdb: { options: { path: ./here } }
  memory: { enabled: false }
  own: { package: ./plugins/own }
`
    const { plugins, folder } = loadWith({ file })
    expect(plugins.map(({ name }) => name)).toEqual([
      'mysql-wire',
      'remote',
      'placement',
      'lmdb',
      'chdb',
      'own',
    ])
    const lmdb = plugins.find(({ name }) => name === 'lmdb')
    expect(lmdb?.package).toBe('@switchyard/storage-lmdb')
    expect(lmdb?.options.get('path')).toMatchObject({ value: './here', folder: join(folder, 'conf') })
    expect(plugins.at(-1)?.package).toBe(join(folder, 'conf', 'plugins', 'own'))
  })

  test('a plugin of the file can be the storage', () => {
    const file = 'storage: archive\nplugins: { archive: { package: my-archive } }\n'
    expect(loadWith({ file }).settings.storage).toBe('archive')
  })
})

describe('the storage mode of those who ask for none', () => {
  test('is hybrid where chDB is installed', () => {
    const { settings, plugins, warnings } = loadWith({ installed: ['chdb'] })
    expect(settings.storage).toBe('lmdb')
    expect(plugins.map(({ name }) => name)).toContain('chdb')
    expect(warnings).toEqual([])
  })

  test('is lmdb elsewhere, with one line that says how to get the rest', () => {
    const { settings, plugins, warnings } = loadWith({ installed: [] })
    expect(settings.storage).toBe('lmdb')
    expect(plugins.map(({ name }) => name)).not.toContain('chdb')
    expect(warnings).toEqual([expect.stringMatching(/npm install chdb/)])
    expect(loadWith({ args: ['--storage', 'lmdb'], installed: [] }).warnings).toEqual([])
  })
})

describe('mistakes', () => {
  test.each<[string, Given, RegExp]>([
    [
      'an unknown key',
      { file: 'prot: 1' },
      /server\.yaml: unknown key 'prot' \(there are storage, defaultStorage, port,/,
    ],
    ['an unknown key in a group', { file: 'limits: { conections: 1 }' }, /unknown key 'limits\.conections'/],
    ['a dotted key', { file: 'limits.connections: 5' }, /unknown key 'limits\.connections'/],
    ['a group without keys', { file: 'limits: 5' }, /limits must be a mapping/],
    ['a wrong port', { file: 'port: 70000' }, /server\.yaml: port: must be a port between 0 and 65535/],
    [
      'a port with rubbish behind it',
      { environment: { PORT: '33x' } },
      /environment variable PORT: port: must be/,
    ],
    ['a wrong address', { args: ['--bind', 'a b'] }, /command line: bind: must be an address/],
    ['a wrong size', { file: 'limits: { packet: lots }' }, /limits\.packet: must be a size/],
    ['a wrong level', { file: 'log: { level: loud }' }, /log\.level: must be one of/],
    ['a wrong switch', { file: 'init: { sample: maybe }' }, /init\.sample: must be true or false/],
    ['broken YAML', { file: 'port: [1\nbind: x' }, /server\.yaml: line 2, column \d+/],
    ['a duplicate key', { file: 'port: 1\nport: 2' }, /duplicated mapping key/],
    ['broken JSON', { file: '{', fileName: 'x.json' }, /x\.json: is not JSON/],
    ['a list', { file: '- 1' }, /must hold a mapping/],
    ['a missing file', { args: ['--config', 'nowhere.yaml'] }, /nowhere\.yaml: there is no such file/],
    ['plugins as a list', { file: 'plugins: [a]' }, /plugins must map instance names/],
    ['a plugin without package', { file: 'plugins: { own: {} }' }, /own names no package/],
    [
      'a plugin with an unknown key',
      { file: 'plugins: { own: { package: x, opts: 1 } }' },
      /unknown key 'opts'/,
    ],
    ['a plugin with a bad name', { file: 'plugins: { "a b": { package: x } }' }, /'a b' isn't a name/],
    [
      'hybrid without chDB',
      { args: ['--storage', 'hybrid'], installed: [] },
      /^storage mode hybrid needs the package chdb, which is not installed: npm install chdb/,
    ],
    [
      'chdb without chDB',
      { environment: { STORAGE_BACKEND: 'chdb' }, installed: [] },
      /^storage mode chdb needs the package chdb/,
    ],
    [
      'a default storage that is not there',
      { file: 'storage: lmdb\ndefaultStorage: tape\n' },
      /^there is no storage tape/,
    ],
    [
      'an unknown storage',
      { args: ['--storage', 'tape'] },
      /^there is no storage tape: this version has chdb, hybrid, lmdb, memory, mysql/,
    ],
    ['a storage that is a path', { args: ['--storage', '../lmdb'] }, /storage: must be a name/],
  ])('%s is refused in one line', (_, given, message) => {
    expect(() => loadWith(given)).toThrow(expect.objectContaining({ name: 'StartError' }))
    expect(() => loadWith(given)).toThrow(message)
    expect(() => loadWith(given)).not.toThrow(/\n/)
  })

  test('a secret is never part of a message', () => {
    const password = { file: 'rootPassword: [hunter2]' }
    expect(() => loadWith(password)).toThrow(/rootPassword: must be a text/)
    expect(() => loadWith(password)).not.toThrow(/hunter2/)
    const options = { file: 'plugins: { own: { options: { password: hunter2 } } }' }
    expect(() => loadWith(options)).toThrow(/own names no package/)
    expect(() => loadWith(options)).not.toThrow(/hunter2/)
    const broken = { file: 'rootPassword: "hunter2\nport: 1' }
    expect(() => loadWith(broken)).toThrow(/server\.yaml: line/)
    expect(() => loadWith(broken)).not.toThrow(/hunter2/)
  })
})
