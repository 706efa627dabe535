/**
 * Makes a fresh clone ready to run and a used one up to date: installs what package-lock.json names when it or the
 * Node version has changed since the last time, then compiles what changed. Runs before `npm start` and `npm test`, and needs
 * nothing but Node and npm; `npm pack` runs it with --no-install.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const stampFile = join(root, 'node_modules', '.switchyard-setup')

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 15)) {
  console.error(`Switchyard needs Node 20.15 or later; this is ${process.versions.node}`)
  process.exit(1)
}

// Who packs or tests has what he needs, and an installation would take it away from under others at work.
if (!process.argv.includes('--no-install')) installIfChanged()
compile()
copyConfig()

function installIfChanged() {
  const stamp = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update([process.versions.modules, process.platform, process.arch].join(' '))
    .digest('hex')
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return
  console.error('Installing dependencies (once; about half a minute) ...')
  // Nothing of ours needs install scripts: native modules ship prebuilt.
  npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'])
  if (process.platform === 'win32') provideExec()
  writeFileSync(stampFile, stamp)
}

/**
 * `npm start` is `exec node …`, so that a signal sent to npm reaches the server instead of a shell in between.
 * Windows has no exec: there it becomes a command that runs its arguments.
 */
function provideExec() {
  const file = join(root, 'node_modules', '.bin', 'exec.cmd')
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, '@%*\r\n')
}

function compile() {
  run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b', root])
}

/** The files of `config` as part of the package: who installs it from a registry has no folder around it. */
function copyConfig() {
  const target = join(root, 'core', 'dist', 'config')
  cpSync(join(root, 'config'), target, {
    recursive: true,
    filter: (path) => basename(path) !== 'toolchain',
  })
}

/** Runs the npm that started this script, or the one on the PATH. */
function npm(args) {
  const cli = process.env.npm_execpath
  if (cli?.endsWith('.js')) run(process.execPath, [cli, ...args])
  else run('npm', args, { shell: process.platform === 'win32' })
}

function run(command, args, options = {}) {
  // Standard output belongs to the program that is started next; progress goes to the error stream.
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], ...options })
  if (status === 0) return
  if (error) console.error(error.message)
  process.exit(status ?? 1)
}
