/**
 * The module hooks behind `typescript-loader.mjs`. What swc made of a file is kept on disk, under a name that is a digest of
 * the source, so that a server that a test starts twenty times is compiled once. They answer at once, as
 * registerHooks() wants it; register() takes that too.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { threadId } from 'node:worker_threads'

const require = createRequire(import.meta.url)

const root = new URL('../', import.meta.url)
const cache = fileURLToPath(new URL('node_modules/.cache/switchyard/typescript/', root))

const options = {
  jsc: {
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: false },
    target: 'es2022',
  },
  module: { type: 'es6' },
  sourceMaps: 'inline',
  swcrc: false,
}

function sourceOf(specifier, parentURL) {
  if (specifier === '@switchyard/core/spi') return new URL('core/spi/index.ts', root).href
  const workspace = /^@switchyard\/((?:storage|protocol|router|remote)-[a-z0-9-]+)$/.exec(specifier)
  if (workspace !== null) return new URL(`plugins/${workspace[1]}/index.ts`, root).href
  if (!specifier.startsWith('.') || !specifier.endsWith('.js') || parentURL === undefined) return undefined
  if (parentURL.includes('/node_modules/')) return undefined
  const source = new URL(specifier.replace(/\.js$/, '.ts'), parentURL)
  return existsSync(source) ? source.href : undefined
}

export function resolve(specifier, context, nextResolve) {
  const url = sourceOf(specifier, context.parentURL)
  return url === undefined ? nextResolve(specifier, context) : { url, shortCircuit: true }
}

export function load(url, context, nextLoad) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context)
  const filename = fileURLToPath(url)
  const source = readFileSync(filename, 'utf8')
  return { format: 'module', source: compiled(filename, source), shortCircuit: true }
}

function compiled(filename, source) {
  const digest = createHash('sha256')
    .update(JSON.stringify([filename, source, options]))
    .digest('hex')
  const kept = `${cache}${digest.slice(0, 2)}/${digest.slice(2)}.js`
  try {
    return readFileSync(kept, 'utf8')
  } catch {
    // Not at the top: who finds everything kept needs no compiler.
    const { code } = require('@swc/core').transformSync(source, { filename, ...options })
    keep(kept, code)
    return code
  }
}

/** Another process or thread may be keeping the same file: it appears whole or not at all. */
function keep(file, code) {
  const draft = `${file}.${process.pid}.${threadId}`
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(draft, code)
  renameSync(draft, file)
}
