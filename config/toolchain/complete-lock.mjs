/**
 * Completes package-lock.json after `npm install`: optional packages made for other platforms (native bindings)
 * are left out by npm when the registry in use does not carry them, and `npm ci` then refuses the lock as out of
 * step with package.json. Each missing one is entered with the platform that its name states, so that every
 * platform installs from the same lock. Run it with `npm run lock`; a complete lock is left as it is.
 */
import { readFileSync, writeFileSync } from 'node:fs'

const lockFile = new URL('../../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(lockFile, 'utf8'))
const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32']

/** `@scope/binding-linux-x64-musl` → `{ os: ['linux'], cpu: ['x64'], libc: ['musl'] }`. */
function platformOf(name) {
  const words = name.split(/[/-]/)
  const at = words.findIndex((word) => systems.includes(word))
  if (at < 0 || words[at + 1] === undefined) throw new Error(`no platform in the name of ${name}`)
  const abi = words[at + 2]
  const libc = { gnu: 'glibc', musl: 'musl' }[words[at] === 'linux' ? abi : '']
  return { os: [words[at]], cpu: [words[at + 1]], ...(libc === undefined ? {} : { libc: [libc] }) }
}

function isLocked(parent, name) {
  return lock.packages[`node_modules/${name}`] ?? lock.packages[`${parent}/node_modules/${name}`]
}

let added = 0
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (isLocked(path, name)) continue
    lock.packages[`node_modules/${name}`] = {
      version,
      ...platformOf(name),
      ...(entry.dev ? { dev: true } : {}),
      license: entry.license,
      optional: true,
    }
    added += 1
  }
}
if (added > 0) {
  const byPath = ([left], [right]) => left.localeCompare(right, 'en')
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(byPath))
  writeFileSync(lockFile, `${JSON.stringify(lock, undefined, 2)}\n`)
}
console.log(`package-lock.json: ${added} optional package(s) of other platforms added`)
