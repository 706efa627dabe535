/**
 * LIKE (MySQL manual 14.8.1), which compares character by character by the collation. Of ASCII text it is LIKE there, in small letters; other
 * text is matched with a regular expression that names every character that the collation holds equal.
 */
import { collationByName, isText, readsColumns, type Collation, type Expression } from '@switchyard/core/spi'
import { need, Refusal, UNKNOWN, type Entry, type Render } from './fragment-render.js'
import { bytesSql } from './bytes-sql.js'
import { textFormOf, type Folding } from './text-form.js'

/** `%`, `_`, or a character that stands for itself. */
type Token = { readonly kind: 'any' | 'one' } | { readonly kind: 'literal'; readonly character: string }

export const likeSql: Entry = ([subject, pattern, escape], call, render) => {
  const [text, like] = [need(subject), need(pattern)]
  if (!isText(text.type) || !isText(like.type) || readsColumns(like)) {
    throw new Refusal(`no entry for ${call.text}`)
  }
  // Without ESCAPE the session's sql_mode decides what escapes; a pattern with a backslash is left to the server.
  if (escape !== undefined) throw new Refusal('no entry for LIKE … ESCAPE')
  const collation = collationOf(text, like)
  const form = textFormOf(collation.name)
  if (form === undefined) throw new Refusal(`no keys of collation ${collation.name} are kept`)
  const { values } = render.scope
  if (values === undefined) return `(${render(text)} LIKE ?)`
  const value = values.valueOf(like)
  if (value === null) return UNKNOWN
  const tokens = tokensOf(String(value))
  if (form.kind === 'folded') return foldedSql(text, tokens, form.folding, render)
  return `(${render(text)} LIKE ${likeText(tokens, (character) => character)})`
}

function collationOf(text: Expression, pattern: Expression): Collation {
  const stronger = pattern.coercibility < text.coercibility ? pattern : text
  const weaker = stronger === text ? pattern : text
  const found = collationByName(stronger.type.collation)
  const isClear =
    stronger.coercibility < weaker.coercibility || weaker.type.collation === stronger.type.collation
  if (found === undefined || !isClear) throw new Refusal('texts of two collations')
  return found
}

function tokensOf(pattern: string): readonly Token[] {
  if (pattern.includes('\\')) throw new Refusal('LIKE with a backslash')
  return Array.from(pattern, (character): Token => {
    if (character === '%') return { kind: 'any' }
    return character === '_' ? { kind: 'one' } : { kind: 'literal', character }
  })
}

function foldedSql(text: Expression, tokens: readonly Token[], folding: Folding, render: Render): string {
  const column = text.kind === 'column' ? render.columns.get(text.column) : undefined
  const subject = render(text)
  const regular = isAsciiOnly(tokens, folding)
    ? `(lower(${subject}) LIKE ${likeText(tokens, (character) => folding.asciiLike(character) ?? '')})`
    : `(${subject} != ${subject})`
  if (column?.hasExceptions === false) return regular
  // Only what isn't ASCII needs more; NULL is no text of either kind.
  return `if(isValidASCII(ifNull(${subject}, '')), ${regular}, match(${subject}, ${expressionText(tokens, folding)}))`
}

/** Whether an ASCII text can match at all. */
function isAsciiOnly(tokens: readonly Token[], folding: Folding): boolean {
  return tokens.every((token) => token.kind !== 'literal' || folding.asciiLike(token.character) !== undefined)
}

function likeText(tokens: readonly Token[], fold: (character: string) => string): string {
  const parts = tokens.map((token) => {
    if (token.kind !== 'literal') return token.kind === 'any' ? '%' : '_'
    const character = fold(token.character)
    return character === '%' || character === '_' ? `\\${character}` : character
  })
  return bytesSql(Buffer.from(parts.join('')))
}

function expressionText(tokens: readonly Token[], folding: Folding): string {
  const parts = tokens.map((token) => {
    if (token.kind !== 'literal') return token.kind === 'any' ? '.*' : '.'
    const members = folding.charactersLike(token.character).map((code) => `\\x{${code.toString(16)}}`)
    return `[${members.join('')}]`
  })
  return bytesSql(Buffer.from(`(?s)^${parts.join('')}$`))
}
