/**
 * Goal: the operators' pages tell the truth: every key of the configuration and every option of the plugins that ship is there with its
 * default, the example of a configuration starts a server, and the script that keeps accounts keeps them. Method: the pages against the
 * schema and the manifests; the script as it stands on its page.
 */
import { cpSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { plugin as lmdb } from '@switchyard/storage-lmdb'
import { plugin as protocol } from '@switchyard/protocol-mysql'
import { schemaLeaves } from '../../core/loader/config-schema.js'
import { outputOf } from '../support/run-command.js'
import { killServers, TestServer } from '../support/server.js'
import { describeWithCommand, findCommand } from '../support/system-packages.js'
import { removeTemporaryFolders, temporaryFolder, writeFiles } from '../support/temporary-folder.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = (path: string) => readFileSync(join(root, path), 'utf8')

afterAll(async () => {
  await killServers()
  removeTemporaryFolders()
})

/** Rows of the page's tables by the names in their first cell. */
function tableRows(text: string): ReadonlyMap<string, readonly string[]> {
  const rows = new Map<string, readonly string[]>()
  for (const line of text.split('\n').filter((each) => each.startsWith('| `'))) {
    const cells = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
    for (const [, name = ''] of (cells[0] ?? '').matchAll(/`([^`]+)`/g)) rows.set(name, cells.slice(1))
  }
  return rows
}

const UNITS: readonly (readonly [string, number])[] = [
  ['T', 2 ** 40],
  ['M', 2 ** 20],
  ['h', 3_600_000],
  ['s', 1000],
]

/** A default as the page writes it: `64M`, `10s`, nothing for an empty text. */
function isWritten(value: unknown, cell: string | undefined): boolean {
  const written = /^`(.*)`$/.exec(cell ?? '')?.[1] ?? ''
  if (typeof value !== 'number') return written === String(value)
  const [, digits = '', unit = ''] = /^(\d+)(\w?)$/.exec(written) ?? []
  const factor = unit === '' ? 1 : UNITS.find(([name]) => name === unit)?.[1]
  return Number(digits) * (factor ?? Number.NaN) === value
}

const [allKeys = '', allOptions = ''] = page('docs/configuration.md').split('## Options of the plugins')
const keys = tableRows(allKeys)
/** The part of a plugin, by the name that its heading begins with. */
const optionsOf = (plugin: string): ReturnType<typeof tableRows> =>
  tableRows(allOptions.split('\n### ').find((section) => section.startsWith(`\`${plugin}\``)) ?? '')
const DOCUMENTED = [
  ...Object.entries(protocol.options).map(([name, option]) => ['mysql-wire', name, option] as const),
  ...Object.entries(lmdb.options).map(([name, option]) => ['lmdb', name, option] as const),
]

test.each(schemaLeaves().filter(([key]) => key !== 'plugins'))('the key %s', (key, leaf) => {
  const [value, overrules = ''] = keys.get(key) ?? []
  expect([key, value, isWritten(leaf.default, value)]).toEqual([key, value, true])
  const names = [
    leaf.arg === undefined ? [] : [`\`--${leaf.arg}\``],
    leaf.env === undefined ? [] : [`\`${leaf.env}\``],
  ]
  for (const name of names.flat()) expect(overrules).toContain(name)
})

test.each(DOCUMENTED)('of %s the option %s', (plugin, name, option) => {
  const [value] = optionsOf(plugin).get(name) ?? []
  expect([name, value, isWritten(option.default, value)]).toEqual([name, value, true])
})

test('links between the pages lead somewhere', () => {
  const pages = [
    'README.md',
    'docs/configuration.md',
    'docs/backup.md',
    'docs/security.md',
    'docs/architecture.md',
  ]
  for (const path of pages) {
    for (const [, target = ''] of page(path).matchAll(/\]\(([^)#:]+)\)/g)) {
      expect([path, target, existsSync(join(root, path, '..', target))]).toEqual([path, target, true])
    }
  }
})

test('the configuration of the compose example starts a server', async () => {
  const folder = temporaryFolder()
  cpSync(join(root, 'examples/docker/init'), join(folder, 'init'), { recursive: true })
  writeFiles(folder, {
    'server.yaml': `port: 0\ndataDir: ./data\n${page('examples/docker/server.yaml')}`,
  })
  const server = await TestServer.start({
    folder,
    environment: { MYSQL_ROOT_PASSWORD: 'secret', MYSQL_ROOT_HOST: '%' },
  })
  const connection = await server.connect({ user: 'shop', password: 'change me', database: 'shop' })
  const [databases] = await connection.query({ sql: 'SHOW DATABASES', rowsAsArray: true })
  expect(databases).toEqual([['information_schema'], ['performance_schema'], ['shop']])
  connection.destroy()
})

describeWithCommand('mariadb', 'docs/backup.md', () => {
  test('the script that keeps accounts', async () => {
    const folder = temporaryFolder()
    const server = await TestServer.start({ folder })
    const root = await server.connect()
    const run = async (...statements: readonly string[]) => {
      for (const sql of statements) await root.query(sql)
    }
    await run(
      "CREATE USER clerk@'10.0.%' IDENTIFIED BY 'x' REQUIRE SSL FAILED_LOGIN_ATTEMPTS 3",
      'CREATE ROLE teller',
      'GRANT SELECT ON shop.* TO teller',
      "GRANT teller TO clerk@'10.0.%'",
      "ALTER USER clerk@'10.0.%' DEFAULT ROLE teller",
    )
    const shown = async () => {
      const answers = []
      for (const account of ["clerk@'10.0.%'", 'teller'])
        for (const statement of ['SHOW CREATE USER', 'SHOW GRANTS FOR'])
          answers.push((await root.query({ sql: `${statement} ${account}`, rowsAsArray: true }))[0])
      return answers
    }
    const before = await shown()
    const [, script = ''] = /```sh\n(client=[^]*?)```/.exec(page('docs/backup.md')) ?? []
    const here = `cd '${folder}'\n${script.replace('-h 127.0.0.1 -u root -psecret', `--no-defaults -h 127.0.0.1 -P ${server.port} -u root`)}`
    await outputOf('/bin/sh', ['-ec', here])
    await run('DROP USER clerk@"10.0.%", teller')
    const input = readFileSync(join(folder, 'accounts.sql'), 'utf8')
    await outputOf(
      findCommand('mariadb') ?? '',
      ['--no-defaults', '-h127.0.0.1', `-P${server.port}`, '-uroot'],
      { input },
    )
    expect(await shown()).toEqual(before)
    root.destroy()
  })
})
