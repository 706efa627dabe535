/**
 * `npm test`: every static check, then every jest test; the last line sums both up. A failed check does not keep the
 * tests from running. Arguments go to jest, and with any the checks are left out: `npm test -- core/parser`.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { check } from './check.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const args = process.argv.slice(2)

const checks = args.length > 0 ? { passed: 0, failed: 0 } : await check()
const tests = jest(args)
const passed = checks.passed + tests.passed
const failed = checks.failed + tests.failed
console.log(`${passed} passed, ${failed} failed, ${tests.skipped} skipped`)
process.exitCode = failed > 0 ? 1 : 0

/** Runs jest and counts from its report; a suite that did not even load counts as one failure. */
function jest(jestArgs) {
  const folder = join(root, 'node_modules', '.cache', 'switchyard')
  const report = join(folder, `jest-${process.pid}.json`)
  mkdirSync(folder, { recursive: true })
  const { status } = spawnSync(
    process.execPath,
    [
      ...['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
      join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
      ...['-c', join(root, 'config', 'toolchain', 'jest.config.js')],
      ...['--json', `--outputFile=${report}`, '--silent=false'],
      ...jestArgs,
    ],
    { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] },
  )
  try {
    const result = JSON.parse(readFileSync(report, 'utf8'))
    const failed = result.numFailedTests + result.numRuntimeErrorTestSuites
    return {
      passed: result.numPassedTests,
      failed: status === 0 ? failed : Math.max(failed, 1),
      skipped: result.numPendingTests + result.numTodoTests,
    }
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }
  } finally {
    rmSync(report, { force: true })
  }
}
