/**
 * The module hooks behind `typescript-loader.mjs`. What swc made of a file is kept on disk, under a name that is a digest of
 * the source, so that a server that a test starts twenty times is compiled once.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

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
  const source = new URL(specifier.replace(/\.js$/, '.ts'), parentURL)
  return existsSync(source) ? source.href : undefined
}

export async function resolve(specifier, context, nextResolve) {
  const url = sourceOf(specifier, context.parentURL)
  return url === undefined ? nextResolve(specifier, context) : { url, shortCircuit: true }
}

export async function load(url, context, nextLoad) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context)
  const filename = fileURLToPath(url)
  const source = await readFile(filename, 'utf8')
  return { format: 'module', source: await compiled(filename, source), shortCircuit: true }
}

async function compiled(filename, source) {
  const digest = createHash('sha256')
    .update(JSON.stringify([filename, source, options]))
    .digest('hex')
  const kept = `${cache}${digest.slice(0, 2)}/${digest.slice(2)}.js`
  try {
    return await readFile(kept, 'utf8')
  } catch {
    const { transform } = await import('@swc/core')
    const { code } = await transform(source, { filename, ...options })
    await keep(kept, code)
    return code
  }
}

/** Another process may be keeping the same file: it appears whole or not at all. */
async function keep(file, code) {
  const draft = `${file}.${process.pid}`
  await mkdir(dirname(file), { recursive: true })
  await writeFile(draft, code)
  await rename(draft, file)
}
