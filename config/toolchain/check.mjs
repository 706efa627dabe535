/**
 * Runs the static checks (types, lint, format, import rules, dead code), two at a time, and prints the output of
 * those that fail. `npm run check -- lint types` runs only the named ones.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { join } from 'node:path'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folders = ['core', 'plugins', 'test', 'bench', 'examples', 'config'].filter((folder) =>
  existsSync(join(root, folder)),
)
const bin = (path) => join(root, 'node_modules', ...path.split('/'))

const steps = {
  lint: [
    bin('eslint/bin/eslint.js'),
    ...['-c', 'config/toolchain/eslint.config.js', '--max-warnings=0', '--no-error-on-unmatched-pattern'],
    ...['--cache', '--cache-location', 'node_modules/.cache/eslint/'],
    ...folders,
  ],
  types: [bin('typescript/bin/tsc'), '-p', 'config/toolchain/tsconfig.check.json'],
  format: [
    bin('prettier/bin/prettier.cjs'),
    ...['--check', '--log-level=warn', '--no-error-on-unmatched-pattern'],
    ...['--ignore-path', 'config/toolchain/prettierignore', '--cache'],
    '**/*.{ts,js,mjs,cjs,json,yaml,yml}',
  ],
  imports: [
    bin('dependency-cruiser/bin/dependency-cruise.mjs'),
    ...['--config', 'config/toolchain/dependency-cruiser.cjs', '--output-type', 'err-long'],
    ...folders.filter((folder) => folder !== 'config'),
  ],
  // System programs that tests call are no dependencies of ours to declare.
  dead: [
    bin('knip/bin/knip.js'),
    ...['-c', 'config/toolchain/knip.json', '--no-progress', '--exclude', 'binaries'],
  ],
}

/** Runs the named checks (all when none is named); returns how many passed and failed. */
export async function check(names = Object.keys(steps)) {
  const waiting = names.map((name) => [name, stepNamed(name)])
  const count = { passed: 0, failed: 0 }
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const passed = await runStep(...next)
      count[passed ? 'passed' : 'failed'] += 1
    }
  }
  await Promise.all([worker(), worker()])
  return count
}

function stepNamed(name) {
  const step = steps[name]
  if (step === undefined)
    throw new Error(`no check is called ${name}; there are ${Object.keys(steps).join(', ')}`)
  return step
}

async function runStep(name, args) {
  const started = performance.now()
  const { status, output } = await capture(args)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`)
  if (status !== 0) console.log(output)
  return status === 0
}

function capture(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (output += bytes))
    child.on('error', reject)
    child.on('close', (status) => resolve({ status, output }))
  })
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const names = process.argv.slice(2)
  const { failed } = await check(names.length > 0 ? names : undefined)
  process.exitCode = failed > 0 ? 1 : 0
}
