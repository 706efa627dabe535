import type { OptimizerHint } from '../plan/syntax/query.js'
import type { Cursor } from './cursor.js'

/** Optimizer hints (manual, 10.9.3). What they mean is the optimizer's to say; here they are names and texts. */

const HINT = /[\s,]*([A-Za-z_][A-Za-z_0-9]*)\s*(?:\(((?:[^()'"`]|'[^']*'|"[^"]*"|`[^`]*`|\([^()]*\))*)\))?/y

/** The hints behind the current statement's first word. What is malformed ends the list: hints never fail. */
export function parseHints(cursor: Cursor): readonly OptimizerHint[] {
  if (!cursor.is('hint')) return NO_HINTS
  const text = cursor.text.slice(cursor.start + '/*+'.length, cursor.end - '*/'.length)
  cursor.advance()
  const hints: OptimizerHint[] = []
  HINT.lastIndex = 0
  for (let match = HINT.exec(text); match !== null; match = HINT.exec(text)) {
    hints.push({
      name: (match[1] ?? '').toLowerCase(),
      arguments: cursor.decodeLoosely((match[2] ?? '').trim()),
    })
  }
  return hints
}

const NO_HINTS: readonly OptimizerHint[] = []
