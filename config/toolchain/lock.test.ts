/**
 * Goal: package-lock.json installs on every platform and from any registry. Method: read the lock as npm would and
 * look for what `npm ci` refuses (optional packages left out) and for recorded download addresses.
 */
import { readFileSync } from 'node:fs'

interface LockEntry {
  readonly resolved?: string
  readonly link?: boolean
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as {
  packages: Record<string, LockEntry>
}
const entries = Object.entries(lock.packages)

test('records no download address', () => {
  expect(entries.filter(([, entry]) => entry.resolved !== undefined && entry.link !== true)).toEqual([])
})

test('holds the optional packages of every platform (mend with `npm run lock`)', () => {
  const missing = entries.flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {}).filter(
      (name) =>
        !(`node_modules/${name}` in lock.packages) && !(`${path}/node_modules/${name}` in lock.packages),
    ),
  )
  expect(missing).toEqual([])
})
