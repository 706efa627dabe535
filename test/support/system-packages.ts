/**
 * Tests that need a program of the operating system (a real client, an oracle server). On a developer's machine they
 * are skipped when the program is missing; where SWITCHYARD_REQUIRE_SYSTEM_PACKAGES=1 is set, as in continuous
 * integration, a missing one is a failure, so that no suite goes unnoticed.
 */
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Folders of server programs, which the PATH of an ordinary user often leaves out. */
const serverFolders = ['/usr/sbin', '/usr/local/sbin', '/sbin']

/** The full path of `command`, or undefined when this machine doesn't have it. */
export function findCommand(command: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...serverFolders]
  return folders.map((folder) => join(folder, command)).find(isProgram)
}

/** A suite that runs when `commands` (one, or all of several) are installed. */
export function describeWithCommand(commands: string | readonly string[], name: string, suite: () => void) {
  const wanted = typeof commands === 'string' ? [commands] : commands
  describeWhen(
    wanted.filter((command) => findCommand(command) === undefined),
    name,
    suite,
  )
}

/** A suite that runs when all of `files` exist, for packages that bring no program (a Java or Python library). */
export function describeWithFile(files: string | readonly string[], name: string, suite: () => void) {
  const wanted = typeof files === 'string' ? [files] : files
  describeWhen(
    wanted.filter((file) => statSync(file, { throwIfNoEntry: false }) === undefined),
    name,
    suite,
  )
}

function describeWhen(missing: readonly string[], name: string, suite: () => void) {
  if (missing.length === 0) {
    describe(name, suite)
  } else if (process.env.SWITCHYARD_REQUIRE_SYSTEM_PACKAGES === '1') {
    describe(name, () => {
      test('its system packages are installed', () => {
        expect(missing).toEqual([])
      })
    })
  } else {
    const skipped = describe.skip
    skipped(`${name} (needs ${missing.join(', ')})`, suite)
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
