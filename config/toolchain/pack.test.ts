/**
 * Goal: what `npm pack` makes of the packages is a server, with nothing around it: it finds its configuration files and
 * its plugins, makes its sample database and answers. Method: the packages are packed and unpacked into a folder of their own,
 * where each finds the packages that it declares, and no others.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { ChildProgram } from '../../test/support/child-program.js'
import { outputOf } from '../../test/support/run-command.js'
import { removeTemporaryFolders, temporaryFolder } from '../../test/support/temporary-folder.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PLUGINS = ['protocol-mysql', 'remote-mysql', 'router-placement', 'storage-lmdb', 'storage-memory']

interface Manifest {
  readonly bin: { readonly switchyard: string }
  readonly dependencies?: Readonly<Record<string, string>>
}

afterAll(removeTemporaryFolders)

test('packed packages start and serve', async () => {
  const folder = temporaryFolder()
  const sources = new Map([
    ['core', join(ROOT, 'core')],
    ...PLUGINS.map((name) => [name, join(ROOT, 'plugins', name)] as const),
  ])
  await outputOf('npm', ['pack', ...sources.values(), '--pack-destination', folder])
  for (const [name, source] of sources) await unpack(folder, name, source)
  const core = packed(folder, 'core')
  expect(readdirSync(core).filter((name) => name !== 'node_modules')).toEqual(['dist', 'package.json'])

  const args = [join(core, manifestOf(core).bin.switchyard), '--port', '0']
  const program = new ChildProgram(process.execPath, { args, folder })
  const [, port] = await program.waitFor('stdout', / -P (\d+)/)
  const connection = await createConnection({ host: '127.0.0.1', port: Number(port), user: 'root' })
  const [rows] = await connection.query<RowDataPacket[]>('SELECT COUNT(*) AS n FROM testdb.users')
  expect(rows[0]?.n).toBeGreaterThan(0)
  connection.destroy()
  program.kill('SIGTERM')
  expect(await program.ended).toEqual({ status: 0, signal: null })
  // Compiles first what was changed since the last build.
}, 60_000)

function packed(folder: string, name: string): string {
  return join(folder, 'node_modules', '@switchyard', name)
}

/** As npm installs a package: its files, and what it depends on. */
async function unpack(folder: string, name: string, source: string): Promise<void> {
  const target = packed(folder, name)
  mkdirSync(target, { recursive: true })
  const file = readdirSync(folder).find((each) => each.startsWith(`switchyard-${name}-`)) ?? 'missing'
  await outputOf('tar', ['-xzf', join(folder, file), '--strip-components=1', '-C', target])
  for (const dependency of Object.keys(manifestOf(target).dependencies ?? {})) {
    const link = join(target, 'node_modules', dependency)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(installed(dependency, source), link)
  }
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
}

/** Where the repository's own packages find a dependency. */
function installed(dependency: string, folder: string): string {
  const candidate = join(folder, 'node_modules', dependency)
  return existsSync(candidate) ? candidate : installed(dependency, dirname(folder))
}
