/**
 * Goal: what `npm pack` makes of the packages is a server, with nothing around it: it finds its configuration files and
 * its plugins, makes its sample database and answers; and an engine that a program embeds, with its types. Method: the packages are packed, and npm
 * installs them into a folder of their own; what they depend on comes in the versions of the repository's lock file from npm's cache, where `npm ci`
 * has left them.
 */
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { ChildProgram } from '../../test/support/child-program.js'
import { outputOf } from '../../test/support/run-command.js'
import { removeTemporaryFolders, temporaryFolder } from '../../test/support/temporary-folder.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PLUGINS = ['protocol-mysql', 'remote-mysql', 'router-placement', 'storage-lmdb', 'storage-memory']

const PACKAGES = ['core', ...PLUGINS]

interface Manifest {
  readonly bin: { readonly switchyard: string }
}

let folder = ''

beforeAll(async () => {
  folder = temporaryFolder()
  // Compiles first what was changed since the last build.
  await outputOf('npm', ['pack', ...PACKAGES.map(sourceOf), '--pack-destination', folder])
  const dependencies = Object.fromEntries(PACKAGES.map((name) => [`@switchyard/${name}`, tarballOf(name)]))
  const manifest = { type: 'module', dependencies }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lockFile(manifest)))
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts']
  await outputOf('npm', ['install', '--prefix', folder, ...flags])
}, 60_000)
afterAll(removeTemporaryFolders)

/** A server made of the packages, and what is on its standard output. */
async function start(...flags: string[]) {
  const core = packed(folder, 'core')
  const args = [join(core, manifestOf(core).bin.switchyard), '--port', '0', ...flags]
  const program = new ChildProgram(process.execPath, { args, folder })
  const [, port] = await program.waitFor('stdout', / -P (\d+)/)
  const connection = await createConnection({
    host: '127.0.0.1',
    port: Number(port),
    user: 'root',
    multipleStatements: true,
  })
  return { program, connection, port: String(port) }
}

test('packed packages start and serve', async () => {
  const core = packed(folder, 'core')
  expect(readdirSync(core).filter((name) => name !== 'node_modules')).toEqual(['dist', 'package.json'])
  const { program, connection } = await start()
  const [rows] = await connection.query<RowDataPacket[]>('SELECT COUNT(*) AS n FROM testdb.users')
  expect(rows[0]?.n).toBeGreaterThan(0)
  connection.destroy()
  program.kill('SIGTERM')
  expect(await program.ended).toEqual({ status: 0, signal: null })
})

test('packed packages are an engine inside of a program', async () => {
  const { program, connection, port } = await start('--storage', 'memory')
  await connection.query(COMPANY)
  connection.destroy()
  const example = join(folder, 'hybrid-cache')
  cpSync(join(ROOT, 'examples', 'hybrid-cache'), example, { recursive: true })
  const environment = { HR_HOST: '127.0.0.1', HR_PORT: port }
  const run = new ChildProgram(process.execPath, { args: ['index.js'], folder: example, environment })
  const { status } = await run.ended
  expect([status, run.stderr]).toEqual([0, ''])
  const [copied, first, second, ...table] = run.stdout.trimEnd().split('\n')
  expect([copied, first, second]).toEqual([
    '4 employees copied into `cache`.`employees`',
    '2024-03-01  Ada (Research): promoted',
    '2023-01-01  Cy (Sales): an urgent matter',
  ])
  expect(table.join('\n')).toMatch(/'Research' │ 2 +│ 2 +│ '90000.00'[^]*'Sales' +│ 2 +│ 3 +│ '60000.00'/)
  program.kill('SIGTERM')
  await program.ended
})

test('packed packages have types', async () => {
  writeFileSync(join(folder, 'typed.ts'), TYPED)
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  const flags = [
    '--ignoreConfig',
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    '--types',
    'node',
  ]
  await outputOf(process.execPath, [compiler, ...flags, join(folder, 'typed.ts')])
})

const COMPANY = `
  CREATE DATABASE company; USE company;
  CREATE TABLE employees (id INT PRIMARY KEY, name VARCHAR(50), department VARCHAR(50), salary DECIMAL(10, 2));
  CREATE TABLE employee_notes (id INT PRIMARY KEY, employee_id INT, note TEXT, created DATE);
  INSERT INTO employees VALUES (1, 'Ada', 'Research', 90000), (2, 'Bob', 'Sales', 40000), (3, 'Cy', 'Sales', 60000), (4, 'Di', 'Research', 60000);
  INSERT INTO employee_notes VALUES (1, 1, 'hired', '2020-01-01'), (2, 1, 'promoted', '2024-03-01'), (3, 2, 'urgent', '2024-04-01'),
    (4, 3, 'an urgent matter', '2023-01-01'), (5, 3, 'on leave', '2023-06-01')`

/** `@ts-expect-error` fails where there is none. */
const TYPED = `
  import { openEngine, type RowStream } from '@switchyard/core/embedded'
  const engine = await openEngine({ storage: 'memory', limits: { queryMemory: '64M' } })
  const rows: RowStream<{ id: number }> = await engine.query<{ id: number }>('SELECT 1 AS id', [1n, 'a', null, true])
  for await (const { id } of rows) id.toFixed()
  const [row] = await (await engine.query('SELECT 1 AS a')).all()
  const value: number | bigint | string | Uint8Array | null | undefined = row?.a
  const done: number = await engine.transaction(async (t) => Number((await t.execute('DO 1')).affectedRows))
  // @ts-expect-error dates are given as text
  await engine.query('SELECT ?', [new Date()])
  // @ts-expect-error there is no such key
  await openEngine({ storag: 'memory' })
  console.log(value, done)
`

function packed(folder: string, name: string): string {
  return join(folder, 'node_modules', '@switchyard', name)
}

function sourceOf(name: string): string {
  return join(ROOT, name === 'core' ? name : join('plugins', name))
}

function tarballOf(name: string): string {
  const file = readdirSync(folder).find((each) => each.startsWith(`switchyard-${name}-`)) ?? 'missing'
  return `file:${file}`
}

interface Locked {
  readonly link?: boolean
  readonly dev?: boolean
}

/** The repository's, with the packages as tarballs in the place of its workspaces. */
function lockFile(manifest: object): object {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, Locked>>
  }
  const locked: Record<string, object> = { '': manifest }
  for (const [path, entry] of Object.entries(packages)) {
    if (entry.link === true || entry.dev === true) continue
    const [, workspace = '', inside = ''] =
      /^(?:plugins\/)?([^/]+)((?:\/node_modules\/.*)?)$/.exec(path) ?? []
    if (path.startsWith('node_modules/')) locked[path] = entry
    else if (PACKAGES.includes(workspace)) {
      const resolved = inside === '' ? { resolved: tarballOf(workspace) } : {}
      locked[`node_modules/@switchyard/${workspace}${inside}`] = { ...entry, ...resolved }
    }
  }
  return { lockfileVersion: 3, requires: true, packages: locked }
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
}
