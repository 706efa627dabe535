/** The parser: SQL text to the syntax tree of `plan/syntax`, and back. */
export {
  LITERAL_DECIMAL,
  LITERAL_FLOAT,
  LITERAL_INTEGER,
  LITERAL_STRING,
  fingerprint,
  literalBytes,
} from './fingerprint.js'
export { parserOptionsOf, toByteString, type ParserOptions } from './options.js'
export { parseExpressionText, parseNext, parseSingle, type ParsedStatement } from './parse.js'
export { printExpressionText, printStatementText } from './printer.js'
