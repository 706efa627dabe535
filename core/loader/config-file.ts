/**
 * Reads one configuration file, YAML or JSON, into plain values. Says which file and which line is wrong.
 */
import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { CORE_SCHEMA, load, YAMLException } from 'js-yaml'
import { isMapping } from './config-formats.js'
import { messageOf, StartError } from './start-error.js'

export function readConfigFile(file: string): Record<string, unknown> {
  const values = parse(file, read(file))
  // An empty file, or one that is all comments.
  if (values === undefined || values === null) return {}
  if (!isMapping(values)) throw new StartError(`${file}: must hold a mapping of keys to values`)
  return values
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const reason = messageOf(error).includes('ENOENT') ? 'there is no such file' : messageOf(error)
    throw new StartError(`can't read the configuration ${file}: ${reason}`, { cause: error })
  }
}

function parse(file: string, text: string): unknown {
  try {
    return extname(file) === '.json' ? (JSON.parse(text) as unknown) : load(text, { schema: CORE_SCHEMA })
  } catch (error) {
    // The parser's own message quotes the text around the mistake, which may be a secret.
    const where =
      error instanceof YAMLException
        ? `line ${error.mark.line + 1}, column ${error.mark.column + 1}: ${error.reason}`
        : 'is not JSON'
    throw new StartError(`${file}: ${where}`, { cause: error })
  }
}
