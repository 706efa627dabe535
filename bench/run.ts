/**
 * Runs one of the measurements in this folder, by name or path: `npm run bench -- backends --rows 100000`.
 */
import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const [wanted, ...rest] = process.argv.slice(2)
const file = [wanted ?? '', join(import.meta.dirname, `${wanted ?? ''}.ts`)]
  .map((path) => resolve(path))
  .find((path) => path.endsWith('.ts') && existsSync(path))
if (file === undefined) {
  const names = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
  console.error(`what to measure? ${names.filter((name) => name.endsWith('.ts')).join(', ')}`)
  process.exit(1)
}
process.argv = [process.argv[0] ?? '', file, ...rest]
await import(pathToFileURL(file).href)
