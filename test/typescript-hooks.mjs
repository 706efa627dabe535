/**
 * The module hooks behind `typescript-loader.mjs`.
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { transform } from '@swc/core'

const root = new URL('../', import.meta.url)

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
  const { code } = await transform(await readFile(filename, 'utf8'), {
    filename,
    jsc: {
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: false },
      target: 'es2022',
    },
    module: { type: 'es6' },
    sourceMaps: 'inline',
    swcrc: false,
  })
  return { format: 'module', source: code, shortCircuit: true }
}
