/** The parser: SQL text to the syntax tree of `plan/syntax`, and back. */
export {
  LITERAL_DECIMAL,
  LITERAL_FLOAT,
  LITERAL_INTEGER,
  LITERAL_KEPT,
  LITERAL_STRING,
  fingerprint,
  literalBytes,
  type Fingerprint,
} from './fingerprint.js'
export {
  DEFAULT_PARSER_OPTIONS,
  decodeUtf8,
  parserOptionsOf,
  toByteString,
  type ParserOptions,
} from './options.js'
export { parseExpressionText, parseNext, parseSingle, type ParsedStatement } from './parse.js'
export {
  printExpressionText,
  printStatementText,
  type PrintOptions,
  type PrintableStatement,
} from './printer.js'
